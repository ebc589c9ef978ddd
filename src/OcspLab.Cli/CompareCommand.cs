using System.CommandLine;
using OcspLab.Lab;
using Spectre.Console;

namespace OcspLab.Cli;

/// <summary><c>ocsplab compare</c>.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "Under two minutes, with fewer experiments. Without it about ten." };
        var servers = Names("--servers", $"Only these servers: {string.Join(", ", CompareRun.Servers)}.", CompareRun.Servers);
        var experiments = Names("--experiments", $"Only these experiments: {string.Join(", ", CompareRun.Experiments)}.", CompareRun.Experiments);
        var output = new Option<DirectoryInfo>("--out") { Description = "Where the report goes: comparison.html, .md and .json.", HelpName = "DIR", DefaultValueFactory = _ => new DirectoryInfo(".lab/report") };
        var command = new Command("compare", "Run real servers through the same troubles, and show what their clients saw.") { quick, servers, experiments, output }.WithHelp("""
            Examples:
              ocsplab compare --quick
              ocsplab compare --servers kestrel,nginx --experiments revoked,restart
            Servers that are not installed are left out by name. Ctrl-C keeps what was seen so far.
            Exits with 1 when Kestrel with this library failed anywhere.
            """);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var wanted = arguments.GetValue(servers) ?? [];
            var chosen = arguments.GetValue(experiments) ?? [];
            var length = arguments.GetValue(quick) ? CompareLength.Quick : CompareLength.Full;
            var repeat = $"ocsplab compare{(length == CompareLength.Quick ? " --quick" : "")}{(wanted.Length > 0 ? $" --servers {string.Join(',', wanted)}" : "")}{(chosen.Length > 0 ? $" --experiments {string.Join(',', chosen)}" : "")}";
            var result = await CompareRun.RunAsync(length, wanted, chosen, TimeProvider.System, Console.Error.WriteLine, cancellationToken).ConfigureAwait(false);
            var directory = arguments.GetValue(output)!.FullName;
            await CompareRun.WriteAsync(result, repeat, directory).ConfigureAwait(false);
            Show(result);
            Console.Out.WriteLine($"the report is {Path.Combine(directory, "comparison.html")}");
            return result.Findings.Any(finding => finding.Server == LabTopology.Kestrel && finding.Verdict == FindingVerdict.Fails) ? ExitCodes.Revoked : ExitCodes.Good;
        });
        return command;
    }

    private static void Show(ComparisonResult result)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("").AddColumns([.. result.Servers.Select(server => Markup.Escape(server.Name))]);
        foreach (var behaviour in result.Findings.Select(finding => finding.Behaviour).Distinct())
        {
            table.AddRow([behaviour, .. result.Servers.Select(server => result.Findings.First(finding => finding.Server == server.Name && finding.Behaviour == behaviour)).Select(finding => finding.Verdict switch
            {
                FindingVerdict.Holds => $"[green]✓[/] {Markup.Escape(finding.Text)}",
                FindingVerdict.Fails => $"[red]✗[/] {Markup.Escape(finding.Text)}",
                _ => $"[grey]– {Markup.Escape(finding.Text)}[/]",
            })]);
        }

        Terminal.Write(table);
        foreach (var missing in result.Missing)
            Console.Out.WriteLine($"left out: {missing.Name}, {missing.Reason}");
    }

    private static Option<string[]> Names(string name, string description, IReadOnlyList<string> known)
    {
        var option = new Option<string[]>(name)
        {
            Description = description,
            HelpName = "NAME,…",
            CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
        };
        option.Validators.Add(result =>
        {
            foreach (var stranger in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Where(value => !known.Contains(value)))
                result.AddError($"'{stranger}' is none of {string.Join(", ", known)}.");
        });
        return option;
    }
}
