using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Verdicts;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Auditing;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Journal;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Cli.Commands;

/// <summary>What can be done to the running lab's responder.</summary>
internal static class ResponderVerbs
{
    public static IEnumerable<Command> Create(LabOptions options) =>
        [
            Verb(
                "stop",
                "Close the OCSP port: connections are refused.",
                options,
                async (client, _, cancellationToken) =>
                    Describe(await client.StopAsync(cancellationToken).ConfigureAwait(false))
            ),
            Verb("start", "Open the OCSP port again.", options, async (client, _, cancellationToken) =>
                Describe(await client.StartAsync(cancellationToken).ConfigureAwait(false))
            ),
            Verb(
                "requests",
                "How requests were answered since the responder started.",
                options,
                async (client, _, cancellationToken) =>
                {
                    var counts = await client.CountAsync(cancellationToken).ConfigureAwait(false);
                    return counts.Count == 0
                        ? "none yet"
                        : string.Join(
                            '\n',
                            counts.Select(count => $"{count.Method, -4} {count.Outcome.ToName(), -16} {count.Count, 6}")
                        );
                }
            ),
            Audit(),
            ResponderRegistry.Import(options),
            ResponderRegistry.Purge(options),
            Status(options),
            Journal(options),
            Fault(options),
            Verb("faults", "The faults in force.", options, async (client, _, cancellationToken) =>
            {
                var faults = await client.ListFaultsAsync(cancellationToken).ConfigureAwait(false);
                return faults.Count == 0 ? "none" : string.Join('\n', faults.Select(Describe));
            }),
            Heal(options),
        ];

    private static Command Fault(LabOptions options)
    {
        var kind = new Argument<string>("KIND") { Description = $"One of {string.Join(", ", Kinds)}." };
        kind.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Kinds.Contains(token.Value, StringComparer.OrdinalIgnoreCase))
                result.AddError($"'{token.Value}' is not a kind of fault; one of {string.Join(", ", Kinds)}.");
        });
        var certificate = new Argument<string?>("NAME")
        {
            Description = "To questions about this certificate only, by name or serial number.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var requests = new Option<int?>("--requests") { Description = "To so many requests.", HelpName = "N" };
        requests.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(int.TryParse(result.Tokens[0].Value, out var number) && number > 0))
                result.AddError($"--requests is a number, 1 or more, not '{result.Tokens[0].Value}'.");
        });
        var lasting = Durations.Option("--for", "For so long.");
        var duration = Durations.Option(
            "--duration",
            "How long delay waits (default 2 seconds), or shortValidity lasts (default 5 seconds)."
        );
        var command = Verb(
            "fault",
            "Have the responder misbehave, until 'heal'.",
            options,
            async (client, arguments, cancellationToken) =>
                Describe(
                    await client
                        .AddFaultAsync(
                            new FaultOrder(
                                Enum.Parse<FaultKind>(arguments.GetValue(kind)!, ignoreCase: true),
                                arguments.GetValue(certificate),
                                arguments.GetValue(requests),
                                arguments.GetValue(lasting),
                                arguments.GetValue(duration)
                            ),
                            cancellationToken
                        )
                        .ConfigureAwait(false)
                )
        );
        command.Arguments.Add(kind);
        command.Arguments.Add(certificate);
        foreach (var option in (ReadOnlySpan<Option>)[requests, lasting, duration])
            command.Options.Add(option);
        return command;
    }

    private static Command Heal(LabOptions options)
    {
        var id = new Argument<long?>("NUMBER")
        {
            Description = "One fault only, by the number that 'faults' shows.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = Verb("heal", "Take faults back.", options, async (client, arguments, cancellationToken) =>
        {
            await client.RemoveFaultsAsync(arguments.GetValue(id), cancellationToken).ConfigureAwait(false);
            return "healed";
        });
        command.Arguments.Add(id);
        return command;
    }

    private static Command Audit()
    {
        var file = new Argument<FileInfo>("FILE") { Description = "The responder's AuditFile." };
        var command = new Command("audit", "Whether an audit log is as it was written: its chain of hashes.") { file };
        command.SetAction(arguments =>
        {
            var path = arguments.GetValue(file)!;
            if (!path.Exists)
                throw new LabException($"{path} does not exist.", LabFailure.Usage);
            var check = AuditLog.Check(path.FullName);
            Console.Out.WriteLine(
                check.Fault is { } fault
                    ? $"broken: {fault}; {check.Entries} entries before it are as they were written"
                    : $"{check.Entries} entries, unbroken; the last hash is {check.Hash}"
            );
            return check.Fault is null ? ExitCodes.Good : ExitCodes.Rejected;
        });
        return command;
    }

    private static Command Status(LabOptions options)
    {
        var json = Json();
        var command = Verb(
            "status",
            "The authorities, their signers and sources.",
            options,
            async (client, arguments, cancellationToken) =>
            {
                var status = await client.GetStatusAsync(cancellationToken).ConfigureAwait(false);
                return arguments.GetValue(json)
                    ? JsonSerializer.Serialize(status, Document)
                    : string.Join('\n', status.Authorities.SelectMany(Describe))
                        + $"\n{status.CachedResponses} responses are cached";
            }
        );
        command.Options.Add(json);
        return command;
    }

    private static Command Journal(LabOptions options)
    {
        var json = Json();
        var after = new Option<long>("--after")
        {
            Description = "Only what came after this number.",
            HelpName = "NUMBER",
        };
        var command = Verb(
            "journal",
            "The latest requests: when, from which address and by which program, about what, answered how.",
            options,
            async (client, arguments, cancellationToken) =>
            {
                var entries = await client
                    .ReadJournalAsync(arguments.GetValue(after), cancellationToken)
                    .ConfigureAwait(false);
                if (arguments.GetValue(json))
                    return JsonSerializer.Serialize(entries, Document);
                return entries.Count == 0 ? "none yet" : string.Join('\n', entries.Select(Describe));
            }
        );
        command.Options.Add(json);
        command.Options.Add(after);
        return command;
    }

    private static Command Verb(
        string name,
        string description,
        LabOptions options,
        Func<ResponderAdminClient, ParseResult, CancellationToken, Task<string>> run
    )
    {
        var command = new Command(name, description);
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var topology = options.Read(arguments);
                var running = LabState.RequireRunning(topology.Directory);
                using var client = new ResponderAdminClient(running.AdminUrl, AdminToken.Load(topology.AdminTokenFile));
                Console.Out.WriteLine(await run(client, arguments, cancellationToken).ConfigureAwait(false));
                return ExitCodes.Good;
            }
        );
        return command;
    }

    private static Option<bool> Json() => new("--json") { Description = "Print one JSON document." };

    private static string Describe(ListenerState listener) => listener.State.ToString().ToLowerInvariant();

    private static string Describe(Fault fault) =>
        $"{fault.Id}: {JsonNamingPolicy.CamelCase.ConvertName(fault.Kind.ToString())}"
        + (fault.Kind is FaultKind.Delay or FaultKind.ShortValidity ? $" {fault.Duration:c}" : "")
        + (fault.SerialNumber is { } serial ? $", for {serial}" : "")
        + (fault.Requests is { } requests ? $", {requests} more" : "")
        + (fault.Until is { } until ? $", until {VerdictTable.At(until)}" : "");

    private static string Describe(JournalEntry entry) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{entry.Number, 6} {entry.At.ToUniversalTime():HH:mm:ss.fff} {entry.Client, -21} {entry.Method, -4} "
                + $"{(entry.SerialNumbers.Count == 0 ? "-" : string.Join(',', entry.SerialNumbers))} "
                + $"{entry.Outcome.ToName()}{(entry.Fault is { } fault ? $" ({fault})" : "")}"
                + $"{(entry.UserAgent is { } program ? $" {VerdictTable.Harmless(program)}" : "")}"
        );

    private static IEnumerable<string> Describe(AuthorityStatus authority) =>
        [
            $"{authority.Name}: {authority.Issuer}",
            $"  source: {authority.SourceFault ?? "reachable"}",
            .. authority.Signers.Select(signer =>
                $"  signer: {signer.Subject}, until "
                + $"{VerdictTable.At(signer.NotAfter)}{(signer.Fault is { } fault ? $", {fault}" : "")}"
            ),
        ];

    private static readonly string[] Kinds =
    [
        .. Enum.GetNames<FaultKind>().Select(JsonNamingPolicy.CamelCase.ConvertName),
    ];

    private static readonly JsonSerializerOptions Document = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}
