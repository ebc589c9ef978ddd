using System.Globalization;
using System.Net;
using System.Text;

namespace OcspLab.Lab;

/// <summary>A comparison as one HTML file that needs nothing else: no network, no script; light and dark, on a phone and on paper.</summary>
public static class ComparisonHtml
{
    /// <summary>Writes the whole report.</summary>
    /// <param name="result">What was seen.</param>
    /// <param name="command">The command that repeats it.</param>
    public static string Write(ComparisonResult result, string command)
    {
        ArgumentNullException.ThrowIfNull(result);
        var body = new StringBuilder();
        body.Append("<h1>OCSP stapling, compared</h1>");
        body.Append(CultureInfo.InvariantCulture, $"<p class=\"lead\">{result.At:yyyy-MM-dd HH:mm} UTC · {result.Took.TotalSeconds:0} s · answers last {result.Validity.TotalSeconds:0} s</p>");
        Matrix(body, result, command);
        body.Append("<h2>Over time</h2><p>Each bar is one server from its start. The line marks the moment when the trouble begins; ticks below a bar are its questions to the responder.</p>");
        Legend(body);
        foreach (var scenario in result.Scenarios)
            Timeline(body, result, scenario, command);
        Requests(body, result, command);
        Servers(body, result);
        return $$"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>OCSP stapling, compared</title>
            <style>{{Style}}</style>
            <body>
            {{body}}
            </body>
            </html>
            """;
    }

    private static void Matrix(StringBuilder body, ComparisonResult result, string command)
    {
        var findings = result.Findings;
        body.Append("<figure><div class=\"wide\"><table id=\"matrix\"><thead><tr><th></th>");
        foreach (var server in result.Servers)
            body.Append(CultureInfo.InvariantCulture, $"<th>{Text(server.Name)}</th>");
        body.Append("</tr></thead><tbody>");
        foreach (var behaviour in findings.Select(finding => finding.Behaviour).Distinct())
        {
            body.Append(CultureInfo.InvariantCulture, $"<tr><th>{Text(behaviour)}</th>");
            foreach (var finding in result.Servers.Select(server => findings.First(finding => finding.Server == server.Name && finding.Behaviour == behaviour)))
            {
                var (name, mark) = finding.Verdict switch { FindingVerdict.Holds => ("holds", "✓"), FindingVerdict.Fails => ("fails", "✗"), _ => ("unseen", "–") };
                body.Append(CultureInfo.InvariantCulture, $"<td class=\"{name}\"><b>{mark}</b> {Text(finding.Text)}</td>");
            }

            body.Append("</tr>");
        }

        body.Append("</tbody></table></div>");
        Caption(body, ComparisonText.Procedure.ReplaceLineEndings(" "), command);
        body.Append("</figure>");
    }

    private static void Timeline(StringBuilder body, ComparisonResult result, ComparedScenario scenario, string command)
    {
        var lanes = result.Lanes.Where(lane => lane.Scenario == scenario.Name).ToArray();
        var length = lanes.SelectMany(lane => lane.Observations).Select(seen => seen.At.TotalSeconds).DefaultIfEmpty(1).Max();
        body.Append(CultureInfo.InvariantCulture, $"<h3>{Text(scenario.Title)}</h3><figure><svg class=\"timeline\" role=\"img\" aria-label=\"{Text(scenario.Title)}\" viewBox=\"0 0 {Width} {(lanes.Length * RowHeight) + AxisHeight}\">");
        for (var row = 0; row < lanes.Length; row++)
        {
            var lane = lanes[row];
            var y = row * RowHeight;
            body.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{y + 15}\">{Text(lane.Server)}</text>");
            foreach (var (seen, from, to) in ComparisonText.Spans(lane))
                body.Append(CultureInfo.InvariantCulture, $"<rect class=\"{Class(seen)}\" x=\"{X(from)}\" y=\"{y + 3}\" width=\"{Math.Max(1, X(to) - X(from)):0.0}\" height=\"16\"><title>{Text(lane.Server)}: {Text(Finding.Word(seen))}, {from.TotalSeconds:0} to {to.TotalSeconds:0} s</title></rect>");
            foreach (var request in lane.Requests.Where(request => request.At >= TimeSpan.Zero && request.At.TotalSeconds <= length))
                body.Append(CultureInfo.InvariantCulture, $"<line class=\"request\" x1=\"{X(request.At)}\" x2=\"{X(request.At)}\" y1=\"{y + 20}\" y2=\"{y + 24}\"/>");
            foreach (var moment in (TimeSpan?[])[lane.Begun == default ? null : lane.Begun, lane.Ended])
            {
                if (moment is { } when && lane.Scenario != "undisturbed")
                    body.Append(CultureInfo.InvariantCulture, $"<line class=\"trouble\" x1=\"{X(when)}\" x2=\"{X(when)}\" y1=\"{y}\" y2=\"{y + 22}\"/>");
            }
        }

        var axis = (lanes.Length * RowHeight) + 12;
        for (var tick = 0; tick <= 4; tick++)
            body.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{Left + ((Width - Left - 30) * tick / 4.0):0}\" y=\"{axis}\">{length * tick / 4:0} s</text>");
        body.Append("</svg>");
        Caption(body, "", command);
        body.Append("</figure>");

        double X(TimeSpan at) => Math.Round(Left + ((Width - Left) * Math.Min(1, at.TotalSeconds / length)), 1);
    }

    private static void Requests(StringBuilder body, ComparisonResult result, string command)
    {
        var counts = result.Servers.Select(server => (server.Name, Count: result.Lanes.Where(lane => lane.Server == server.Name).Sum(lane => lane.Requests.Count))).ToArray();
        var most = Math.Max(1, counts.Select(count => count.Count).DefaultIfEmpty(1).Max());
        body.Append(CultureInfo.InvariantCulture, $"<h2>Load on the responder</h2><figure><svg id=\"load\" class=\"timeline\" role=\"img\" aria-label=\"requests\" viewBox=\"0 0 {Width} {counts.Length * RowHeight}\">");
        for (var row = 0; row < counts.Length; row++)
        {
            var width = (Width - Left - 60) * counts[row].Count / (double)most;
            body.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{(row * RowHeight) + 15}\">{Text(counts[row].Name)}</text><rect class=\"bar\" x=\"{Left}\" y=\"{(row * RowHeight) + 3}\" width=\"{Math.Max(1, width):0.0}\" height=\"16\"/><text class=\"axis\" x=\"{Left + width + 6:0.0}\" y=\"{(row * RowHeight) + 16}\">{counts[row].Count}</text>");
        }

        body.Append("</svg>");
        Caption(body, "All questions about a server's certificates, over all scenarios, as the responder's journal has them.", command);
        body.Append("</figure>");
    }

    private static void Servers(StringBuilder body, ComparisonResult result)
    {
        body.Append("<h2>Servers</h2><div class=\"wide\"><table><thead><tr><th>server</th><th>version</th><th>setting</th></tr></thead><tbody>");
        foreach (var server in result.Servers)
            body.Append(CultureInfo.InvariantCulture, $"<tr><th>{Text(server.Name)}</th><td>{Text(server.Version)}</td><td>{Text(server.Setting)}</td></tr>");
        foreach (var missing in result.Missing)
            body.Append(CultureInfo.InvariantCulture, $"<tr><th>{Text(missing.Name)}</th><td>left out</td><td>{Text(missing.Reason)}</td></tr>");
        body.Append("</tbody></table></div>");
        foreach (var lane in result.Lanes.Where(lane => lane.Failure is not null))
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"fails\">{Text(lane.Server)}, {Text(lane.Scenario)}: {Text(lane.Failure!)}</p>");
    }

    private static void Legend(StringBuilder body)
    {
        body.Append("<p class=\"legend\">");
        foreach (var seen in Enum.GetValues<Seen>())
            body.Append(CultureInfo.InvariantCulture, $"<span><svg width=\"14\" height=\"14\"><rect class=\"{Class(seen)}\" width=\"14\" height=\"14\"/></svg> {Text(Finding.Word(seen))}</span>");
        body.Append("</p>");
    }

    private static void Caption(StringBuilder body, string procedure, string command) =>
        body.Append(CultureInfo.InvariantCulture, $"<figcaption>{Text(procedure)} <code>{Text(command)}</code></figcaption>");

    private static string Class(Seen seen) => seen.ToString().ToLowerInvariant();

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private const int Width = 900;
    private const int Left = 120;
    private const int RowHeight = 28;
    private const int AxisHeight = 18;

    private const string Style = """
        :root { color-scheme: light dark; --good: #2da44e; --revoked: #8250df; --unstapled: #8c959f; --expired: #bc4c00; --wrong: #cf222e; --refused: #d0d7de; font: 16px/1.5 system-ui, sans-serif; }
        body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { margin-bottom: 0; } .lead { margin-top: 0; opacity: .7; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: .85rem; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .5rem; border-bottom: 1px solid #8884; }
        td.holds { background: #2da44e22; } td.fails { background: #cf222e22; } td.unseen { opacity: .6; }
        td.holds b { color: var(--good); } td.fails b, .fails { color: var(--wrong); }
        figure { margin: 0 0 1.5rem; } figcaption { font-size: .8rem; opacity: .75; margin-top: .4rem; }
        svg.timeline { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: currentColor; } svg .axis { font-size: 11px; opacity: .7; }
        .good { fill: var(--good); } .revoked { fill: var(--revoked); } .unstapled { fill: var(--unstapled); } .expired { fill: var(--expired); } .wrong { fill: var(--wrong); } .refused { fill: var(--refused); } .bar { fill: #0969da; }
        .request { stroke: currentColor; stroke-width: 1; opacity: .7; } .trouble { stroke: currentColor; stroke-width: 2; stroke-dasharray: 3 2; }
        .legend span { margin-right: 1rem; white-space: nowrap; font-size: .85rem; }
        @media print { body { max-width: none; margin: 0; } figure { break-inside: avoid; } * { print-color-adjust: exact; } }
        """;
}
