using System.Globalization;
using System.Text;
using static OcspLab.Lab.HtmlFigure;

namespace OcspLab.Lab;

/// <summary>The scenarios in the report: the matrix, a timeline for each, and who asks how often.</summary>
internal static class ScenarioSection
{
    public static void Write(StringBuilder body, ComparisonResult result, string command)
    {
        if (result.Lanes.Count == 0)
            return;
        Matrix(body, result, command);
        body.Append("<h2>Over time</h2><p>Each bar is one server from its start. The thin line above it is as long as the answers that clients were given last: a coloured bar that ends before it was lost, one that goes on behind it is out of date. The dashed line marks the moment when the trouble begins or ends; ticks below a bar are its questions to the responder.</p>");
        Legend(body);
        foreach (var scenario in result.Scenarios)
            Timeline(body, result, scenario, command);
        body.Append("<h2>Questions to the responder</h2><figure>");
        Bars(body, "requests", "questions to the responder", [.. result.Judged.Select(server => (Name: server, Count: RequestsOf(server, result))).Select(server => new Bar(server.Name, server.Count.Median, ComparisonText.Count(server.Count)))]);
        Caption(body, "All questions about a server's certificates, over all scenarios of a run, as the responder's journal has them.", command);
        body.Append("</figure>");
    }

    private static void Matrix(StringBuilder body, ComparisonResult result, string command)
    {
        var findings = result.Findings;
        body.Append("<figure>");
        Table(body, "matrix", result.Judged.Prepend(""), findings.Select(finding => finding.Behaviour).Distinct().Select(behaviour =>
            result.Judged.Select(server => findings.First(finding => finding.Server == server && finding.Behaviour == behaviour)).Select(finding => Verdict(finding.Verdict, finding.Text)).Prepend(Head(behaviour))));
        Caption(body, ComparisonText.Scenarios(result).ReplaceLineEndings(" "), command);
        body.Append("</figure>");
    }

    private static void Timeline(StringBuilder body, ComparisonResult result, ComparedSituation scenario, string command)
    {
        var lanes = result.Lanes.Where(lane => lane.Scenario == scenario.Name).OrderBy(lane => result.Judged.ToList().IndexOf(lane.Server)).ToArray();
        var left = result.Runs == 1 ? Left : Left + RunWidth;
        var length = lanes.SelectMany(lane => lane.Observations).Select(seen => seen.At.TotalSeconds).DefaultIfEmpty(1).Max();
        body.Append(CultureInfo.InvariantCulture, $"<h3>{Text(scenario.Title)}</h3><figure><svg class=\"timeline\" role=\"img\" aria-label=\"{Text(scenario.Title)}\" viewBox=\"0 0 {Width} {(lanes.Length * RowHeight) + AxisHeight}\">");
        for (var row = 0; row < lanes.Length; row++)
        {
            var lane = lanes[row];
            var y = row * RowHeight;
            body.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{y + 15}\">{Text(ComparisonText.Label(lane, result))}</text>");
            foreach (var (from, to) in ComparisonText.Windows(lane))
                body.Append(CultureInfo.InvariantCulture, $"<line class=\"window\" x1=\"{X(from)}\" x2=\"{X(to)}\" y1=\"{y + 1}\" y2=\"{y + 1}\"/>");
            foreach (var (seen, from, to) in ComparisonText.Spans(lane))
                body.Append(CultureInfo.InvariantCulture, $"<rect class=\"{Class(seen)}\" x=\"{X(from)}\" y=\"{y + 3}\" width=\"{Math.Max(1, X(to) - X(from)):0.0}\" height=\"16\"><title>{Text(lane.Server)}: {Text(Finding.Word(seen))}, {from.TotalSeconds:0} to {to.TotalSeconds:0} s</title></rect>");
            foreach (var request in lane.Requests.Where(request => request.At >= TimeSpan.Zero && request.At.TotalSeconds <= length))
                body.Append(CultureInfo.InvariantCulture, $"<line class=\"request\" x1=\"{X(request.At)}\" x2=\"{X(request.At)}\" y1=\"{y + 20}\" y2=\"{y + 24}\"/>");
            foreach (var moment in (TimeSpan?[])[lane.Begun == default ? null : lane.Begun, lane.Ended])
            {
                if (moment is { } when && lane.Kind != ScenarioKind.Undisturbed)
                    body.Append(CultureInfo.InvariantCulture, $"<line class=\"trouble\" x1=\"{X(when)}\" x2=\"{X(when)}\" y1=\"{y}\" y2=\"{y + 22}\"/>");
            }
        }

        var axis = (lanes.Length * RowHeight) + 12;
        for (var tick = 0; tick <= 4; tick++)
            body.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{left + ((Width - left - 30) * tick / 4.0):0}\" y=\"{axis}\">{length * tick / 4:0} s</text>");
        body.Append("</svg>");
        Caption(body, "What clients saw, handshake after handshake, against a server with a certificate of its own.", command);
        body.Append("</figure>");

        double X(TimeSpan at) => Math.Round(left + ((Width - left) * Math.Min(1, at.TotalSeconds / length)), 1);
    }

    private static void Legend(StringBuilder body)
    {
        body.Append("<p class=\"legend\">");
        foreach (var seen in Enum.GetValues<Seen>())
            body.Append(CultureInfo.InvariantCulture, $"<span><svg width=\"14\" height=\"14\"><rect class=\"{Class(seen)}\" width=\"14\" height=\"14\"/></svg> {Text(Finding.Word(seen))}</span>");
        body.Append("</p>");
    }

    private static Spread RequestsOf(string server, ComparisonResult result) =>
        Spread.Of(result.Lanes.Where(lane => lane.Server == server).GroupBy(lane => lane.Run).Select(run => (double)run.Sum(lane => lane.Requests.Count)));

    private static string Class(Seen seen) => seen.ToString().ToLowerInvariant();

    private const int AxisHeight = 18;

    // What ", run 10" takes.
    private const int RunWidth = 50;
}
