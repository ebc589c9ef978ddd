using System.Globalization;
using System.Text;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Results;

namespace OcspLab.Comparison.Report;

/// <summary>A comparison as Markdown.</summary>
public static class ComparisonMarkdown
{
    /// <summary>Writes the whole report.</summary>
    /// <param name="result">What was seen.</param>
    /// <param name="command">The command that repeats it.</param>
    public static string Write(ComparisonResult result, string command)
    {
        ArgumentNullException.ThrowIfNull(result);
        var text = new StringBuilder();
        text.AppendLine("# Servers compared").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"Run on {result.At:yyyy-MM-dd} in {result.Took.TotalSeconds:0} s with `{command}`{(result.IsCutShort ? $"; {ComparisonText.CutShort}" : "")}.").AppendLine();
        text.AppendLine(ComparisonText.Introduction).AppendLine();
        Scenarios(text, result);
        Article(text, result);
        Clients(text, result);
        Costs(text, result);
        text.AppendLine("## Servers").AppendLine();
        Table(text, ["server", "version", "setting"], [
            .. result.Servers.Select(server => (string[])[server.Name, server.Version, server.Setting]), .. result.Missing.Select(missing => (string[])[missing.Name, "left out", missing.Reason])]);
        foreach (var failure in result.Failures)
            text.AppendLine(CultureInfo.InvariantCulture, $"- {Plain(failure)}");
        return text.ToString();
    }

    private static void Scenarios(StringBuilder text, ComparisonResult result)
    {
        if (result.Lanes.Count == 0)
            return;
        text.AppendLine("## Behaviour").AppendLine();
        text.AppendLine(ComparisonText.Scenarios(result)).AppendLine();
        text.AppendLine(ComparisonText.Rules).AppendLine();
        var (findings, judged) = (result.Findings, result.Judged);
        var (rows, notRun) = ComparisonText.Behaviours(findings);
        Table(text, ["", .. judged.Select(server => ComparisonText.Score(server, findings))], rows.Select(behaviour =>
            (string[])[behaviour, .. judged.Select(server => findings.First(finding => finding.Server == server && finding.Behaviour == behaviour)).Select(finding => $"{Mark(finding.Verdict)} {finding.Text}")]));
        foreach (var missing in result.Missing)
            text.AppendLine(CultureInfo.InvariantCulture, $"Left out: {Plain(missing.Name)}, {Plain(missing.Reason)}").AppendLine();
        if (notRun.Count > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"Not run: {string.Join("; ", notRun)}").AppendLine();
        text.AppendLine("What clients saw, in order, and how often the responder was asked about that server's certificate:").AppendLine();
        Table(text, ["scenario", "server", "seen", "requests"], result.Lanes.Select(lane => (string[])
        [
            $"{result.Scenarios.First(scenario => scenario.Name == lane.Scenario).Title} (`{lane.Scenario}`)", ComparisonText.Label(lane, result), lane.Failure ?? ComparisonText.Story(lane), lane.Requests.Count.ToString(CultureInfo.InvariantCulture),
        ]));
    }

    private static void Article(StringBuilder text, ComparisonResult result)
    {
        if (result.Claims.All(claim => claim.Verdict == FindingVerdict.Unseen))
            return;
        text.AppendLine("## The article's claims").AppendLine().AppendLine(ComparisonText.Claims).AppendLine();
        Table(text, ["stapling means that…", ""], result.Claims.Select(claim => (string[])[claim.Claim, $"{Mark(claim.Verdict)} {claim.Text}"]));
        if (result.Latencies.Count > 0)
        {
            text.AppendLine("### Latency").AppendLine().AppendLine(ComparisonText.Latency).AppendLine();
            Table(text, ["", "connecting to verified status"], result.Latencies.Select(latency => (string[])[ComparisonText.Label(latency), ComparisonText.Milliseconds(latency.Milliseconds)]));
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
        Table(text, ["", .. matrix.Clients.Select(client => client.Name)], matrix.Cases.Select(one => (string[])
        [
            one.Title, .. matrix.Clients.Select(client => matrix.Looks.FirstOrDefault(look => look.Client == client.Name && look.Case == one.Name)).Select(look => look is null ? "–" : $"**{ComparisonText.Word(look.Outcome)}** {ComparisonText.Said(look)}"),
        ]));
        Table(text, ["client", "version", "setting"], [
            .. matrix.Clients.Select(client => (string[])[client.Name, client.Version, client.Setting]), .. matrix.Missing.Select(missing => (string[])[missing.Name, "left out", missing.Reason])]);
    }

    private static void Costs(StringBuilder text, ComparisonResult result)
    {
        if (result.Costs.Count == 0)
            return;
        text.AppendLine("## What a staple costs").AppendLine().AppendLine(ComparisonText.Cost).AppendLine();
        var (headings, rows) = ComparisonText.Costs(result.Costs);
        Table(text, headings, rows);
    }

    private static string Mark(FindingVerdict verdict) => verdict switch { FindingVerdict.Holds => "✓", FindingVerdict.Fails => "✗", _ => "–" };

    private static void Table(StringBuilder text, IReadOnlyCollection<string> headings, IEnumerable<string[]> rows)
    {
        Row(text, headings);
        Row(text, headings.Select(_ => "---"));
        foreach (var row in rows)
            Row(text, row);
        text.AppendLine();
    }

    private static void Row(StringBuilder text, IEnumerable<string> cells) => text.AppendLine($"| {string.Join(" | ", cells.Select(Plain))} |");

    // Much of it is what servers and clients said.
    private static string Plain(string text) => text.Replace("<", "&lt;", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
