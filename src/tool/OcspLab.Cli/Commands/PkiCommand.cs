using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Responses;
using OcspLab.Pki;
using OcspLab.Responder.Sources;
using Spectre.Console;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab pki</c>.</summary>
internal static class PkiCommand
{
    public static Command Create(LabOptions options) =>
        new Command("pki", "The lab's certificates: make, issue, revoke, restore, list.")
        {
            Init(options),
            PkiIssueCommand.Create(options),
            Revoke(options),
            Restore(options),
            List(options),
        }.WithHelp(
            """
            Examples:
              ocsplab pki init --key ecdsa
              ocsplab pki init --authority-key ml-dsa-65 --lab pq
              ocsplab pki issue --dns shop.test --out certs
              ocsplab pki revoke echo --reason keyCompromise
              ocsplab pki restore echo
            """
        );

    private static Command Init(LabOptions options)
    {
        var force = new Option<bool>("--force")
        {
            Description =
                "Make all of it anew, the root included; what trusted the former root must trust the new one.",
        };
        var command = new Command(
            "init",
            "Make the authorities, the OCSP signer and the lab's certificates: whatever is missing, expired or changed."
        )
        {
            force,
        };
        options.AddCertificateOptionsTo(command);
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var topology = options.ReadExisting(arguments);
                LabState.RequireOwn(topology.Directory);
                var pki = topology.CreatePki(TimeProvider.System);
                var certificates = arguments.GetValue(force) ? pki.Replace() : pki.Ensure();
                var registry = LabRegistry.Open(topology, TimeProvider.System);
                using var owned = registry as IDisposable;
                await registry
                    .RegisterAsync(certificates, TimeProvider.System, cancellationToken)
                    .ConfigureAwait(false);
                foreach (var certificate in certificates)
                    Console.Out.WriteLine(
                        $"{certificate.Name}: {(certificate.Freshness == Freshness.New ? "issued" : "kept")}, "
                            + $"serial {certificate.SerialNumber}, until {At(certificate.NotAfter)}"
                    );
                Console.Out.WriteLine($"in {topology.PkiDirectory}");
                return ExitCodes.Good;
            }
        );
        return command;
    }

    private static Command Revoke(LabOptions options)
    {
        var name = new Argument<string>("NAME") { Description = "The certificate's name or serial number." };
        var reason = new Option<string>("--reason")
        {
            Description = $"Why (RFC 5280 §5.3.1): {string.Join(", ", Reasons.Keys)}.",
            HelpName = "REASON",
            DefaultValueFactory = _ => "keyCompromise",
        };
        reason.AcceptOnlyFromAmong([.. Reasons.Keys]);
        var at = new Option<DateTimeOffset?>("--at")
        {
            Description = "When, for a revocation that happened elsewhere: 2026-11-28T12:00Z. Default: now.",
            HelpName = "TIME",
        };
        var since = new Option<DateTimeOffset?>("--invalid-since")
        {
            Description = "Since when the key is suspected to be compromised (invalidity date, RFC 5280 §5.3.2).",
            HelpName = "TIME",
        };
        var command = new Command(
            "revoke",
            "Revoke a certificate. A running responder says so in its very next answer."
        )
        {
            name,
            reason,
            at,
            since,
        };
        command.Validators.Add(result =>
        {
            var now = TimeProvider.System.GetUtcNow();
            if (result.GetValue(at) > now || result.GetValue(since) > now)
                result.AddError("--at and --invalid-since are not in the future.");
        });
        command.SetAction(
            (arguments, cancellationToken) =>
                ChangeAsync(options.Read(arguments), arguments.GetValue(name)!, (registry, which) =>
                    registry.RevokeAsync(
                        which,
                        new Revocation(Reasons[arguments.GetValue(reason)!])
                        {
                            At = arguments.GetValue(at),
                            InvalidSince = arguments.GetValue(since),
                        },
                        cancellationToken
                    )
                )
        );
        return command;
    }

    private static Command Restore(LabOptions options)
    {
        var name = new Argument<string>("NAME") { Description = "The certificate's name or serial number." };
        var command = new Command("restore", "Take a revocation back, whatever its reason: a lab may.") { name };
        command.SetAction(
            (arguments, cancellationToken) =>
                ChangeAsync(options.Read(arguments), arguments.GetValue(name)!, (registry, which) =>
                    registry.RestoreAsync(which, cancellationToken)
                )
        );
        return command;
    }

    private static Command List(LabOptions options)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("list", "List what was issued and revoked.") { json };
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var topology = options.Read(arguments);
                RequireDatabase(topology);
                var registry = LabRegistry.OpenToRead(topology, TimeProvider.System);
                using var owned = registry as IDisposable;
                var certificates = await registry.ListAsync(cancellationToken).ConfigureAwait(false);
                if (arguments.GetValue(json))
                {
                    Console.Out.WriteLine(JsonSerializer.Serialize(certificates, Json));
                    return ExitCodes.Good;
                }

                var table = new Table().Border(TableBorder.Simple).AddColumns("name", "serial", "until", "status");
                foreach (var certificate in certificates)
                {
                    // A name means the newest certificate that has it.
                    var newest = certificates.Last(other => other.Name == certificate.Name);
                    table.AddRow(
                        Markup.Escape(certificate.Name),
                        certificate.SerialNumber,
                        At(certificate.NotAfter),
                        Status(certificate) + (ReferenceEquals(newest, certificate) ? "" : ", replaced")
                    );
                }

                Terminal.Write(table);
                return ExitCodes.Good;
            }
        );
        return command;
    }

    private static async Task<int> ChangeAsync(
        LabTopology topology,
        string which,
        Func<ICertificateRegistry, string, Task<RegisteredCertificate?>> change
    )
    {
        RequireDatabase(topology);
        var registry = LabRegistry.Open(topology, TimeProvider.System);
        using var owned = registry as IDisposable;
        var certificate = await change(registry, which).ConfigureAwait(false)
            ?? throw new LabException(
                $"No certificate has the name or serial '{which}'"
                    + (which.Contains('.') ? $"; one for that host may be called '{which.Replace('.', '-')}'" : "")
                    + ". 'ocsplab pki list' shows them.",
                LabFailure.Usage
            );
        Console.Out.WriteLine($"{certificate.Name} ({certificate.SerialNumber}): {Status(certificate)}");
        return ExitCodes.Good;
    }

    // Opening would make one, and the mistake would be a folder, not a name.
    private static void RequireDatabase(LabTopology topology)
    {
        // A lab with a fleet has it in PostgreSQL.
        if (!File.Exists(topology.Database) && LabState.FindRunning(topology.Directory) is not { Fleet: > 0 })
            throw new LabException(
                $"There is no lab in {topology.Directory}. Make one with 'ocsplab pki init' or 'ocsplab up', or "
                    + $"name its folder with --lab.",
                LabFailure.Usage
            );
    }

    private static string Status(RegisteredCertificate certificate) =>
        certificate.RevokedAt is { } at ? $"revoked {At(at)}, {certificate.Reason}" : "good";

    internal static string At(DateTimeOffset instant) =>
        instant.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    // removeFromCRL is no reason to revoke, and 7 is not used.
    private static readonly Dictionary<string, RevocationReason> Reasons = Enum.GetValues<RevocationReason>()
        .Where(reason => reason != RevocationReason.RemoveFromCrl)
        .ToDictionary(
            reason => JsonNamingPolicy.CamelCase.ConvertName(reason.ToString()),
            StringComparer.OrdinalIgnoreCase
        );

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}
