using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Verdicts;
using OcspLab.Lab;
using OcspLab.Probe;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab inspect</c>.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var target = ServerAddress.Argument();
        var serverName = new Option<string?>("--servername")
        {
            Description = "The name to ask for (SNI). Default: HOST, unless it is an address.",
            HelpName = "NAME",
        };
        var authority = new Option<FileInfo?>("--ca")
        {
            Description =
                "PEM of the authorities that the certificate must lead to. Without it the server's own chain is "
                + "taken at its word.",
            HelpName = "FILE",
        };
        var version = new Option<string?>("--tls") { Description = "Offer only this version.", HelpName = "1.2|1.3" };
        version.AcceptOnlyFromAmong("1.2", "1.3");
        var output = new Option<FileInfo?>("--out")
        {
            Description = "Write the staple's DER here.",
            HelpName = "staple.der",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON document; with --watch one a line." };
        var watch = new Option<bool>("--watch") { Description = "Go on until Ctrl-C, and say what changes." };
        var interval = Durations.Option("--every", "How often --watch looks. Default: 00:00:05.");
        var command = new Command(
            "inspect",
            "Shake hands with a server, judge the staple it sends, and say what to do about it."
        )
        {
            target,
            serverName,
            authority,
            version,
            output,
            json,
            watch,
            interval,
        }.WithHelp(
            """
            Exit codes, for monitoring too: 0 good, 1 revoked, 2 unknown, 3 rejected, or a certificate for another name,
            4 no staple, 69 unreachable. With --watch the last one.

            Examples:
              ocsplab inspect 127.0.0.1:9443 --servername echocert.lab
              ocsplab inspect https://example.com --tls 1.2 --out staple.der
              ocsplab inspect 127.0.0.1:9443 --servername echocert.lab --watch --every 00:00:02
              ocsplab inspect 127.0.0.1:8443 --servername echocert.lab --ca .lab/pki/root_ca/CA/rsa_ca.crt --json
            """
        );
        serverName.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && Uri.CheckHostName(result.Tokens[0].Value) != UriHostNameType.Dns)
                result.AddError($"'{result.Tokens[0].Value}' is not a host name.");
        });
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var server = arguments.GetRequiredValue(target);
                var tls = arguments.GetValue(version) switch
                {
                    "1.2" => TlsVersion.Tls12,
                    "1.3" => TlsVersion.Tls13,
                    _ => TlsVersion.Any,
                };
                var name = arguments.GetValue(serverName) ?? server.ServerName;
                var authorities = Load(arguments.GetValue(authority));
                if (arguments.GetValue(watch))
                {
                    return await new InspectWatch(
                        LookAsync,
                        TimeProvider.System,
                        arguments.GetValue(interval) ?? TimeSpan.FromSeconds(5),
                        arguments.GetValue(json) ? WatchOutput.Json : WatchOutput.Lines
                    )
                        .RunAsync(cancellationToken)
                        .ConfigureAwait(false);
                }

                var (report, handshake) = await LookAsync(cancellationToken).ConfigureAwait(false);
                if (arguments.GetValue(output) is { } file)
                {
                    if (handshake.Staples[0] is { } staple)
                        Save(file, staple);
                    else
                        await Console
                            .Error.WriteLineAsync($"no staple, so {file.FullName} is not written")
                            .ConfigureAwait(false);
                }

                if (arguments.GetValue(json))
                    Console.Out.WriteLine(report.ToJson());
                else
                    InspectPage.Show(report, TimeProvider.System.GetUtcNow());
                return ExitCodes.Of(report);

                async Task<(StapleReport Report, TlsHandshake Handshake)> LookAsync(CancellationToken cancel)
                {
                    var seen = await new TlsProbe(TimeProvider.System)
                        .ConnectAsync(server.Host, server.Port, name, tls, TimeSpan.FromSeconds(10), cancel)
                        .ConfigureAwait(false);
                    return (StapleInspector.Inspect(seen, authorities, TimeProvider.System.GetUtcNow()), seen);
                }
            }
        );
        return command;
    }

    internal static X509Certificate2[] Load(FileInfo? file)
    {
        if (file is null)
            return [];
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file.FullName);
            return certificates.Count > 0
                ? [.. certificates]
                : throw new LabException($"{file.FullName} has no certificate in PEM.", LabFailure.Usage);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new LabException($"{file.FullName} cannot be read: {exception.Message}", LabFailure.Usage, exception);
        }
    }

    private static void Save(FileInfo file, ReadOnlyMemory<byte> staple)
    {
        try
        {
            File.WriteAllBytes(file.FullName, staple.Span);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"{file.FullName} cannot be written: {exception.Message}",
                LabFailure.CannotCreate,
                exception
            );
        }
    }
}
