using System.CommandLine;
using System.Globalization;
using Microsoft.VisualBasic.FileIO;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Sources;

namespace OcspLab.Cli.Commands;

/// <summary>
/// <c>ocsplab responder import</c> and <c>purge</c>: many certificates at once, through the admin API of the lab's
/// responder or of any other.
/// </summary>
internal static class ResponderRegistry
{
    private static readonly Option<string?> Admin = new("--admin")
    {
        Description = "The responder's admin API. Default: the running lab's.",
        HelpName = "URL",
    };
    private static readonly Option<FileInfo?> Token = new("--token")
    {
        Description = "The file of its token.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Authority = new("--authority")
    {
        Description = "Whose certificates, where the responder answers for several.",
        HelpName = "NAME",
    };

    public static Command Import(LabOptions options)
    {
        var file = new Argument<FileInfo>("FILE")
        {
            Description = "An index.txt of 'openssl ca', or CSV: serial,name,notAfter[,revokedAt,reason,invalidSince].",
        };
        var command = Create(
            new Command("import", "Register, and revoke, what a file lists; what is known already stays.") { file },
            options,
            async (registry, arguments, cancellationToken) =>
            {
                var certificates = Read(arguments.GetValue(file)!);
                var sum = new ImportResult(0, 0, 0);
                foreach (var some in certificates.Chunk(AtOnce))
                {
                    sum += await registry.ImportAsync(some, cancellationToken).ConfigureAwait(false);
                    if (certificates.Count > AtOnce)
                        Console.Out.WriteLine($"{sum.Added + sum.Revoked + sum.Unchanged} of {certificates.Count}");
                }

                Console.Out.WriteLine($"{sum.Added} added, {sum.Revoked} revoked, {sum.Unchanged} are as they were");
            }
        );
        return command.WithHelp(
            """
            Examples:
              ocsplab responder import index.txt
              ocsplab responder import issued.csv --admin http://127.0.0.1:8889 --token admin-token --authority servers

            The first line of CSV names its columns. Times are 2026-11-28T12:00:00Z, reasons those of RFC 5280 §5.3.1. A
            thousand lines are stored at a time, all of them or none.
            """
        );
    }

    public static Command Purge(LabOptions options)
    {
        var before = new Option<DateTimeOffset>("--expired-before")
        {
            Description = "Certificates that expired before this time are removed, and unknown from then on.",
            HelpName = "TIME",
            Required = true,
        };
        return Create(
            new Command("purge", "Remove certificates that have expired.") { before },
            options,
            async (registry, arguments, cancellationToken) =>
                Console.Out.WriteLine(
                    $"{await registry.PurgeAsync(arguments.GetValue(before), cancellationToken).ConfigureAwait(false)} "
                        + "removed"
                )
        );
    }

    private static Command Create(
        Command command,
        LabOptions options,
        Func<ResponderAdminClient, ParseResult, CancellationToken, Task> run
    )
    {
        foreach (var option in (ReadOnlySpan<Option>)[Admin, Token, Authority])
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if ((result.GetValue(Admin) is null) != (result.GetValue(Token) is null))
                result.AddError("--admin and --token go together.");
            if (result.GetValue(Admin) is { } url && !Uri.TryCreate(url, UriKind.Absolute, out _))
                result.AddError($"--admin is a URL such as http://127.0.0.1:8889, not '{url}'.");
        });
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                using var client = Connect(arguments, options);
                try
                {
                    await run(client, arguments, cancellationToken).ConfigureAwait(false);
                }
                catch (HttpRequestException exception)
                {
                    throw new LabException(exception.Message, LabFailure.Unavailable, exception);
                }

                return ExitCodes.Good;
            }
        );
        return command;
    }

    private static ResponderAdminClient Connect(ParseResult arguments, LabOptions options)
    {
        var authority = arguments.GetValue(Authority);
        try
        {
            if (arguments.GetValue(Admin) is { } url)
                return new ResponderAdminClient(
                    new Uri(url),
                    AdminToken.Load(arguments.GetValue(Token)!.FullName),
                    authority
                );
            var topology = options.Read(arguments);
            var running = LabState.RequireRunning(topology.Directory);
            return new ResponderAdminClient(running.AdminUrl, AdminToken.Load(topology.AdminTokenFile), authority);
        }
        catch (IOException exception)
        {
            throw new LabException(exception.Message, LabFailure.Configuration, exception);
        }
    }

    private static IReadOnlyList<RegisteredCertificate> Read(FileInfo file)
    {
        try
        {
            var first = File.ReadLines(file.FullName).FirstOrDefault(line => line.Length > 0 && line[0] != '#') ?? "";
            using var text = file.OpenText();
            return first.Contains('\t', StringComparison.Ordinal)
                ? OpenSslIndex.ReadCertificates(text, TimeProvider.System.GetUtcNow())
                : ReadCsv(text);
        }
        catch (Exception exception) when (exception is FormatException or MalformedLineException)
        {
            throw new LabException($"{file}: {exception.Message}", LabFailure.Configuration, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabException(exception.Message, LabFailure.Usage, exception);
        }
    }

    private static List<RegisteredCertificate> ReadCsv(TextReader text)
    {
        using var parser = new TextFieldParser(text) { TextFieldType = FieldType.Delimited };
        parser.SetDelimiters(",");
        var columns = parser.ReadFields() ?? [];
        foreach (var needed in (string[])["serial", "name", "notAfter"])
        {
            if (!columns.Contains(needed, StringComparer.OrdinalIgnoreCase))
                throw new FormatException($"line 1 names no column '{needed}'");
        }

        var certificates = new List<RegisteredCertificate>();
        while (!parser.EndOfData)
        {
            var line = parser.LineNumber;
            var fields = parser.ReadFields()!;
            certificates.Add(
                new RegisteredCertificate(
                    Field("name") ?? throw new FormatException($"line {line} has no name"),
                    Field("serial") ?? throw new FormatException($"line {line} has no serial number"),
                    default,
                    Time("notAfter") ?? throw new FormatException($"line {line} has no end of validity"),
                    Time("revokedAt"),
                    Reason()
                )
                {
                    InvalidSince = Time("invalidSince"),
                }
            );

            string? Field(string name)
            {
                var index = Array.FindIndex(columns, column => column.Equals(name, StringComparison.OrdinalIgnoreCase));
                return index >= 0 && index < fields.Length && fields[index].Length > 0 ? fields[index] : null;
            }

            DateTimeOffset? Time(string name) =>
                Field(name) is not { } field ? null
                : DateTimeOffset.TryParse(
                    field,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var time
                )
                    ? time
                : throw new FormatException($"line {line}: '{field}' is not a time");

            RevocationReason? Reason() =>
                Field("reason") is not { } field ? null
                : Enum.TryParse<RevocationReason>(field, ignoreCase: true, out var reason)
                && !char.IsAsciiDigit(field[0])
                    ? reason
                : throw new FormatException($"line {line}: '{field}' is not a reason");
        }

        return certificates;
    }

    private const int AtOnce = 1000;
}
