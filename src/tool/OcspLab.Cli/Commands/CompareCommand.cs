using System.CommandLine;
using System.Globalization;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Verdicts;
using OcspLab.Comparison;
using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Reports;
using OcspLab.Comparison.Results;
using OcspLab.Comparison.Servers;
using OcspLab.Lab.Topology;
using OcspLab.Probe;
using Spectre.Console;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab compare</c>.</summary>
internal static class CompareCommand
{
    public static Command Create(LabOptions options)
    {
        var quick = new Option<bool>("--quick")
        {
            Description = "Under two minutes, with fewer experiments. Without it about twenty minutes.",
        };
        var servers = Names(
            "--servers",
            $"Only these servers: {string.Join(", ", CompareRun.Servers)}. Those that are kept (by "
                + "'ocsplab keep') take part only where they are named.",
            CompareRun.Servers
        );
        var experiments = Names(
            "--experiments",
            $"Only these experiments: {string.Join(", ", CompareRun.Experiments)}. The fleet is run only where it is "
                + "named: it wants redis-server, haproxy and PostgreSQL.",
            CompareRun.Experiments
        );
        var clients = Names(
            "--clients",
            $"In the experiment 'clients', only these: {string.Join(", ", CompareRun.Clients)}.",
            CompareRun.Clients
        );
        var repeat = new Option<int?>("--repeat")
        {
            Description =
                "How often scenarios, latency and cost are run; the report shows the median and the spread. Without "
                + "it scenarios run once, the others five times (twice with --quick).",
            HelpName = "N",
        };
        repeat.Validators.Add(result =>
        {
            // What is no number is told by the parser.
            if (
                result.Tokens is [var token]
                && int.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var times)
                && times is (< 1 or > 100)
            )
                result.AddError("--repeat takes 1 to 100.");
        });
        var output = new Option<DirectoryInfo?>("--out")
        {
            Description =
                "Where the report goes: comparison.html, .md and .json. Default: report in the folder of --lab.",
            HelpName = "DIR",
        };
        var command = new Command(
            "compare",
            "Run real servers through the same troubles, and show what their clients saw."
        )
        {
            quick,
            servers,
            experiments,
            clients,
            repeat,
            output,
        }.WithHelp(
            """
            Examples:
              ocsplab compare --quick
              ocsplab compare --servers kestrel,nginx --experiments revoked,restart --repeat 3
              ocsplab compare --experiments cost --repeat 9
              ocsplab compare --experiments fleet
            Servers that are not installed are left out by name. Ctrl-C keeps what was seen so far, and exits with 130.
            Exits with 1 when Kestrel with this library failed anywhere, or something could not be seen or measured.
            """
        );
        command.Validators.Add(result =>
        {
            if (
                result.GetResult(clients) is { Tokens.Count: > 0 }
                && !CompareRun
                    .Wanted(
                        result.GetValue(quick) ? CompareLength.Quick : CompareLength.Full,
                        result.GetValue(experiments) ?? []
                    )
                    .Contains("clients")
            )
                result.AddError(
                    "--clients is about the experiment 'clients', which would not be run: add it to --experiments."
                );
        });
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var order = new CompareOrder(
                    arguments.GetValue(quick) ? CompareLength.Quick : CompareLength.Full,
                    arguments.GetValue(servers) ?? [],
                    arguments.GetValue(experiments) ?? [],
                    arguments.GetValue(clients) ?? [],
                    arguments.GetValue(repeat)
                );
                var directory = arguments.GetValue(output)?.FullName
                    ?? Path.Combine(arguments.GetValue(options.Lab)!.FullName, "report");
                CompareRun.RequireDirectory(directory);
                var result = await CompareRun
                    .RunAsync(order, TimeProvider.System, Console.Error.WriteLine, cancellationToken)
                    .ConfigureAwait(false);
                var findings = ComparisonFindings.Of(result);
                Show(result, findings);
                if (result.IsCutShort)
                    await Console
                        .Error.WriteLineAsync("ended early: the report has what was seen until then")
                        .ConfigureAwait(false);
                await CompareRun.WriteAsync(result, findings, order.Command, directory).ConfigureAwait(false);
                Console.Out.WriteLine($"the report is {Path.Combine(directory, "comparison.html")}");
                cancellationToken.ThrowIfCancellationRequested();
                var isFaulty = findings.Findings.Any(finding =>
                    finding.Server == LabTopology.Kestrel && finding.Verdict == FindingVerdict.Fails
                );
                return isFaulty || result.Failures.Count > 0 ? ExitCodes.Revoked : ExitCodes.Good;
            }
        );
        return command;
    }

    private static void Show(ComparisonResult result, ComparisonFindings findings)
    {
        if (findings.Findings.Count > 0)
        {
            Write(
                [.. findings.Judged.Select(server => findings.Score(server).ToText())],
                findings.Behaviours.Select(behaviour => new TableRow(
                    behaviour,
                    findings.Row(behaviour).Select(finding => Mark(finding.Verdict, finding.Evidence.ToText()))
                ))
            );
        }

        if (findings.Claims.Any(claim => claim.Verdict != FindingVerdict.Unseen))
            Write(
                ["the article's claims"],
                findings.Claims.Select(claim => new TableRow(
                    claim.Claim,
                    [Mark(claim.Verdict, claim.Evidence.ToText())]
                ))
            );
        if (result.Clients is { } clients)
        {
            Write(
                [.. clients.Clients.Select(client => client.Name)],
                clients.Cases.Select(one => new TableRow(
                    one.Title,
                    clients.Clients.Select(client =>
                        clients
                            .Observations.FirstOrDefault(seen => seen.Client == client.Name && seen.Case == one.Name)
                            ?.Outcome switch
                        {
                            ClientOutcome.Connects => "connects",
                            ClientOutcome.Refuses => "[purple]refuses[/]",
                            _ => "–",
                        }
                    )
                ))
            );
        }

        if (result.Costs.Count > 0)
        {
            Write(
                ["processor time", "bytes"],
                result
                    .Costs.Where(cost => cost is { Version: TlsVersion.Tls13, Session: SessionKind.New, Clients: 8 })
                    .Select(cost => new TableRow(
                        $"{cost.Server}, {cost.Key.ToString().ToUpperInvariant()}, "
                            + $"{(cost.Stapling == ServerStapling.On ? "stapled" : "no staple")}",
                        [
                            string.Create(CultureInfo.InvariantCulture, $"{cost.Milliseconds.Median:0.00} ms"),
                            $"{cost.Bytes}",
                        ]
                    ))
            );
        }

        if (result.Fleet is { } fleet)
            Console.Out.WriteLine(fleet.ToText());
        foreach (var missing in result.Missing.Concat(result.Clients?.Missing ?? []))
            Console.Out.WriteLine($"left out: {missing.Name}, {missing.Reason}");
        foreach (var failure in result.Failures)
            Console.Out.WriteLine($"failed: {VerdictTable.Harmless(failure)}");
    }

    private static void Write(string[] columns, IEnumerable<TableRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("").AddColumns([.. columns.Select(Markup.Escape)]);
        foreach (var (head, cells) in rows)
            table.AddRow([Markup.Escape(head), .. cells]);
        Terminal.Write(table);
    }

    private static string Mark(FindingVerdict verdict, string text) =>
        verdict switch
        {
            FindingVerdict.Holds => $"[green]✓[/] {Markup.Escape(VerdictTable.Harmless(text))}",
            FindingVerdict.Fails => $"[red]✗[/] {Markup.Escape(VerdictTable.Harmless(text))}",
            _ => $"[grey]– {Markup.Escape(text)}[/]",
        };

    private static Option<string[]> Names(string name, string description, IReadOnlyList<string> known)
    {
        var option = new Option<string[]>(name)
        {
            Description = description,
            HelpName = "NAME,…",
            CustomParser = result =>
                [
                    .. result.Tokens.SelectMany(token =>
                        token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    ),
                ],
        };
        option.Validators.Add(result =>
        {
            foreach (
                var stranger in result
                    .Tokens.SelectMany(token =>
                        token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    )
                    .Where(value => !known.Contains(value))
            )
                result.AddError($"'{stranger}' is none of {string.Join(", ", known)}.");
        });
        return option;
    }

    private sealed record TableRow(string Head, IEnumerable<string> Cells);
}
