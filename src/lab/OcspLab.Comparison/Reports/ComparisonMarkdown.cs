using System.Globalization;
using System.Text;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Results;
using OcspLab.Lab.Timelines;

namespace OcspLab.Comparison.Reports;

/// <summary>A comparison as Markdown.</summary>
public static class ComparisonMarkdown
{
    /// <summary>Writes the whole report.</summary>
    /// <param name="result">What was seen.</param>
    /// <param name="findings">What follows from it.</param>
    /// <param name="command">The command that repeats it.</param>
    public static string Write(ComparisonResult result, ComparisonFindings findings, string command)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(findings);
        var text = new StringBuilder();
        text.AppendLine("# Servers compared").AppendLine();
        text.AppendLine(
                CultureInfo.InvariantCulture,
                $"Run on {result.At:yyyy-MM-dd} in {result.Took.TotalSeconds:0} s with "
                    + $"`{command}`{(result.IsCutShort ? $"; {ComparisonText.CutShort}" : "")}."
            )
            .AppendLine();
        text.AppendLine(ComparisonText.Introduction).AppendLine();
        Scenarios(text, result, findings);
        Article(text, result, findings);
        Clients(text, result);
        Costs(text, result);
        Fleet(text, result);
        text.AppendLine("## Servers").AppendLine();
        Table(
            text,
            ["server", "version", "setting"],
            [
                .. result.Servers.Select(server => (string[])[server.Name, server.Version, server.Setting]),
                .. result.Missing.Select(missing => (string[])[missing.Name, "left out", missing.Reason]),
            ]
        );
        foreach (var failure in result.Failures)
            text.AppendLine(CultureInfo.InvariantCulture, $"- {Plain(failure)}");
        return text.ToString();
    }

    private static void Scenarios(StringBuilder text, ComparisonResult result, ComparisonFindings findings)
    {
        if (result.ScenarioRuns.Count == 0)
            return;
        text.AppendLine("## Behaviour").AppendLine();
        foreach (var server in findings.Judged)
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"- **{server}**: {BehaviourWords.Sentence(server, findings.Findings)}"
            );
        text.AppendLine().AppendLine(ComparisonText.Conditions(result)).AppendLine();
        text.AppendLine(ComparisonText.Scenarios(result)).AppendLine();
        text.AppendLine(ComparisonText.Rules).AppendLine();
        Table(
            text,
            ["", .. findings.Judged.Select(server => findings.Score(server).ToText())],
            findings.Behaviours.Select(behaviour =>
                (string[])
                    [
                        behaviour,
                        .. findings
                            .Row(behaviour)
                            .Select(finding => $"{Mark(finding.Verdict)} {finding.Evidence.ToText()}"),
                    ]
            )
        );
        text.AppendLine("Why each row matters:").AppendLine();
        foreach (var behaviour in findings.Behaviours)
            text.AppendLine(CultureInfo.InvariantCulture, $"- {behaviour}: {BehaviourWords.Why(behaviour)}");
        text.AppendLine();
        foreach (var missing in result.Missing)
            text.AppendLine(CultureInfo.InvariantCulture, $"Left out: {Plain(missing.Name)}, {Plain(missing.Reason)}")
                .AppendLine();
        if (findings.BehavioursNotRun.Count > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"Not run: {string.Join("; ", findings.BehavioursNotRun)}")
                .AppendLine();
        text.AppendLine(
                "What clients saw, in order, and how often the responder was asked about that server's certificate:"
            )
            .AppendLine();
        Table(
            text,
            ["scenario", "server", "seen", "requests"],
            result.ScenarioRuns.Select(run =>
                (string[])
                    [
                        $"{result.Scenarios.First(scenario => scenario.Name == run.Scenario).Title} (`{run.Scenario}`)",
                        ComparisonText.Label(run, result),
                        run.Failure ?? Timeline.ToText(run.Observations),
                        run.Requests.Count.ToString(CultureInfo.InvariantCulture),
                    ]
            )
        );
    }

    private static void Article(StringBuilder text, ComparisonResult result, ComparisonFindings findings)
    {
        if (findings.Claims.All(claim => claim.Verdict == FindingVerdict.Unseen))
            return;
        text.AppendLine("## The article's claims").AppendLine().AppendLine(ComparisonText.Claims).AppendLine();
        Table(
            text,
            ["stapling means that…", ""],
            findings.Claims.Select(claim => (string[])[claim.Claim, $"{Mark(claim.Verdict)} {claim.Evidence.ToText()}"])
        );
        if (result.Latencies.Count > 0)
        {
            text.AppendLine("### Latency").AppendLine().AppendLine(ComparisonText.Latency).AppendLine();
            Table(
                text,
                ["", "connecting to verified status"],
                result.Latencies.Select(latency =>
                    (string[])[ComparisonText.Label(latency), ComparisonText.Milliseconds(latency.Milliseconds)]
                )
            );
        }

        if (result.Loads.Count > 0)
        {
            text.AppendLine("### Load and privacy").AppendLine().AppendLine(ComparisonText.Crowds).AppendLine();
            var (headings, rows) = ComparisonText.Loads(result.Loads);
            Table(text, headings, rows);
        }
    }

    private static void Clients(StringBuilder text, ComparisonResult result)
    {
        if (result.Clients is not { } matrix)
            return;
        text.AppendLine("## What clients make of it").AppendLine().AppendLine(ComparisonText.Clients).AppendLine();
        Table(
            text,
            ["", .. matrix.Clients.Select(client => client.Name)],
            matrix.Cases.Select(one =>
                (string[])
                    [
                        one.Title,
                        .. matrix
                            .Clients.Select(client =>
                                matrix.Observations.FirstOrDefault(seen =>
                                    seen.Client == client.Name && seen.Case == one.Name
                                )
                            )
                            .Select(seen =>
                                seen is null
                                    ? "–"
                                    : $"**{ComparisonText.Word(seen.Outcome)}** {ComparisonText.Said(seen)}"
                            ),
                    ]
            )
        );
        Table(
            text,
            ["client", "version", "setting"],
            [
                .. matrix.Clients.Select(client => (string[])[client.Name, client.Version, client.Setting]),
                .. matrix.Missing.Select(missing => (string[])[missing.Name, "left out", missing.Reason]),
            ]
        );
    }

    private static void Costs(StringBuilder text, ComparisonResult result)
    {
        if (result.Costs.Count == 0)
            return;
        text.AppendLine("## What a staple costs").AppendLine().AppendLine(ComparisonText.Cost).AppendLine();
        var (headings, rows) = ComparisonText.Costs(result.Costs);
        Table(text, headings, rows);
    }

    private static void Fleet(StringBuilder text, ComparisonResult result)
    {
        if (result.Fleet is not { } fleet)
            return;
        text.AppendLine("## A fleet under fire").AppendLine().AppendLine(ComparisonText.Fleet).AppendLine();
        Table(text, ["", ""], fleet.Rows.Select(row => (string[])[row.Name, row.Value]));
    }

    private static string Mark(FindingVerdict verdict) =>
        verdict switch
        {
            FindingVerdict.Holds => "✓",
            FindingVerdict.Fails => "✗",
            _ => "–",
        };

    private static void Table(StringBuilder text, IReadOnlyCollection<string> headings, IEnumerable<string[]> rows)
    {
        Row(text, headings);
        Row(text, headings.Select(_ => "---"));
        foreach (var row in rows)
            Row(text, row);
        text.AppendLine();
    }

    private static void Row(StringBuilder text, IEnumerable<string> cells) =>
        text.AppendLine($"| {string.Join(" | ", cells.Select(Plain))} |");

    // Much of it is what servers and clients said.
    private static string Plain(string text) =>
        text.Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace("|", "\\|", StringComparison.Ordinal)
            .ReplaceLineEndings(" ");
}
