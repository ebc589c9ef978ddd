using System.Globalization;
using System.Text;

namespace OcspLab.Lab;

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
        text.AppendLine(CultureInfo.InvariantCulture, $"Run on {result.At:yyyy-MM-dd} in {result.Took.TotalSeconds:0} s with `{command}`. Answers of the responder last {result.Validity.TotalSeconds:0} s here.").AppendLine();
        text.AppendLine(ComparisonText.Procedure).AppendLine();
        Row(text, ["", .. result.Servers.Select(server => server.Name)]);
        Row(text, ["---", .. result.Servers.Select(_ => "---")]);
        foreach (var behaviour in result.Findings.Select(finding => finding.Behaviour).Distinct())
            Row(text, [behaviour, .. result.Servers.Select(server => Cell(result.Findings.First(finding => finding.Server == server.Name && finding.Behaviour == behaviour)))]);
        text.AppendLine().AppendLine("| server | version | setting |").AppendLine("|---|---|---|");
        foreach (var server in result.Servers)
            Row(text, [server.Name, server.Version, server.Setting]);
        foreach (var missing in result.Missing)
            Row(text, [missing.Name, "left out", missing.Reason]);

        text.AppendLine().AppendLine("What clients saw, in order, and how often the responder was asked about that server's certificate:").AppendLine();
        text.AppendLine("| scenario | server | seen | requests |").AppendLine("|---|---|---|---|");
        foreach (var lane in result.Lanes)
            Row(text, [Title(result, lane), lane.Server, lane.Failure ?? ComparisonText.Story(lane), lane.Requests.Count.ToString(CultureInfo.InvariantCulture)]);
        return text.ToString();
    }

    private static string Title(ComparisonResult result, LaneResult lane) => result.Scenarios.First(scenario => scenario.Name == lane.Scenario).Title;

    private static string Cell(Finding finding) => $"{(finding.Verdict switch { FindingVerdict.Holds => "✓", FindingVerdict.Fails => "✗", _ => "–" })} {finding.Text}";

    private static void Row(StringBuilder text, IEnumerable<string> cells) => text.AppendLine($"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ")))} |");
}
