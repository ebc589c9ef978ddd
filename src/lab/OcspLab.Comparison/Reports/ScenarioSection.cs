using System.Globalization;
using System.Text;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Results;
using OcspLab.Comparison.Scenarios;
using OcspLab.Lab.Timelines;
using static OcspLab.Comparison.Reports.HtmlFigure;

namespace OcspLab.Comparison.Reports;

/// <summary>The scenarios in the report: the matrix, a timeline for each, and who asks how often.</summary>
internal static class ScenarioSection
{
    public static void Write(StringBuilder body, ComparisonResult result, ComparisonFindings findings, string command)
    {
        if (result.ScenarioRuns.Count == 0)
            return;
        Matrix(body, result, findings, command);
        body.Append(
            "<h2>Over time</h2><p>Each bar is one server; it begins with the first client, a while after the "
                + "server's start at 0 s, and changes its colour and shape when a client first saw something else. "
                + "The thin line above it is as long as the answers that clients were given were in force: a staple "
                + "that is gone before its line ends was lost. The dashed line marks the moment when the trouble "
                + "begins or ends; ticks below a bar are requests to the responder.</p>"
        );
        Legend(body);
        foreach (
            var scenario in result.Scenarios.Where(scenario =>
                result.ScenarioRuns.Any(run => run.Scenario == scenario.Name)
            )
        )
            DrawTimeline(body, result, scenario, command);
        body.Append("<h2>Requests to the responder</h2><figure>");
        Bars(
            body,
            "requests",
            [
                .. findings
                    .Judged.Select(server => (Name: server, Count: ComparisonFindings.RequestsOf(server, result)))
                    .Select(server => new Bar(server.Name, server.Count.Median, server.Count.ToText())),
            ]
        );
        Caption(
            body,
            "All requests about a server's certificates in a run of all scenarios, as the responder's journal has "
                + "them; of several runs the median.",
            command
        );
        body.Append("</figure>");
    }

    private static void Matrix(StringBuilder body, ComparisonResult result, ComparisonFindings findings, string command)
    {
        body.Append("<ul id=\"verdicts\">");
        foreach (var server in findings.Judged)
            body.Append(
                CultureInfo.InvariantCulture,
                $"<li><b>{Text(server)}</b>: {Text(BehaviourWords.Sentence(server, findings.Findings))}</li>"
            );
        body.Append(CultureInfo.InvariantCulture, $"</ul><p>{Text(ComparisonText.Conditions(result))}</p>");
        body.Append("<figure>");
        Table(
            body,
            "matrix",
            findings.Judged.Select(server => findings.Score(server).ToText()).Prepend(""),
            findings.Behaviours.Select(behaviour =>
                findings
                    .Row(behaviour)
                    .Select(finding => Verdict(finding.Verdict, finding.Evidence.ToText()))
                    .Prepend(Head(behaviour, BehaviourWords.Why(behaviour)))
            )
        );
        foreach (var missing in result.Missing)
            body.Append(
                CultureInfo.InvariantCulture,
                $"<p class=\"note\">Left out: {Text(missing.Name)}, {Text(missing.Reason)}</p>"
            );
        if (findings.BehavioursNotRun.Count > 0)
            body.Append(
                CultureInfo.InvariantCulture,
                $"<p class=\"note\">Not run: {Text(string.Join("; ", findings.BehavioursNotRun))}</p>"
            );
        body.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{Text(ComparisonText.Rules)}</p>");
        Caption(body, ComparisonText.Scenarios(result).ReplaceLineEndings(" "), command);
        body.Append("</figure>");
    }

    private static void DrawTimeline(
        StringBuilder body,
        ComparisonResult result,
        ComparedSituation scenario,
        string command
    )
    {
        var runs = result
            .ScenarioRuns.Where(run => run.Scenario == scenario.Name)
            .GroupBy(run => run.Server)
            .SelectMany(server => server)
            .ToArray();
        var length = Math.Ceiling(
            runs.SelectMany(run => run.Observations).Select(seen => seen.At.TotalSeconds).DefaultIfEmpty(1).Max()
        );
        body.Append(
            CultureInfo.InvariantCulture,
            $"<h3>{Text(scenario.Title)} <code>{Text(scenario.Name)}</code></h3><figure><div class=\"timeline strips\">"
        );
        foreach (var run in runs)
            Strip(body, ComparisonText.Label(run, result), Draw(run, length), says: Timeline.ToText(run.Observations));
        var axis = string.Concat(
            Enumerable
                .Range(0, 5)
                .Select(tick =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"<text text-anchor=\"{Anchor(tick)}\" "
                            + $"x=\"{tick * 25}%\" y=\"12\">{length * tick / 4:0.#} s</text>"
                    )
                )
        );
        Strip(body, "", axis, says: "seconds");
        body.Append("</div>");
        Caption(
            body,
            "What clients saw, handshake after handshake, against a server with a certificate of its own.",
            command
        );
        body.Append("</figure>");
    }

    private static string Draw(ScenarioRunResult run, double length)
    {
        var events = new List<TimeSpan>();
        if (run.Kind != ScenarioKind.Undisturbed && run.Begun > TimeSpan.Zero)
            events.Add(run.Begun);
        if (run.Ended is { } ended)
            events.Add(ended);
        return StripDrawing.Draw(
            new Strip(run.Server, run.Observations, [.. run.Requests.Select(request => request.At)], events),
            TimeSpan.FromSeconds(length),
            HandshakeResults.ToWords
        );
    }

    private static void Legend(StringBuilder body)
    {
        body.Append("<p class=\"legend\">");
        foreach (var result in Enum.GetValues<HandshakeResult>())
            body.Append(
                CultureInfo.InvariantCulture,
                $"<span><svg width=\"18\" height=\"24\" aria-hidden=\"true\">{StripDrawing.Sample(result)}</svg> "
                    + $"{Text(result.ToWords())}</span>"
            );
        body.Append("</p>");
    }

    // The labels at both ends stay inside of the strip.
    private static string Anchor(int tick) =>
        tick switch
        {
            0 => "start",
            4 => "end",
            _ => "middle",
        };
}
