using System.Globalization;
using System.Text;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Results;
using OcspLab.Lab.Timelines;
using static OcspLab.Comparison.Reports.HtmlFigure;

namespace OcspLab.Comparison.Reports;

/// <summary>
/// A comparison as one HTML file that needs nothing else: no network, no script; light and dark, on a phone and on
/// paper.
/// </summary>
public static class ComparisonHtml
{
    /// <summary>Writes the whole report.</summary>
    /// <param name="result">What was seen.</param>
    /// <param name="findings">What follows from it.</param>
    /// <param name="command">The command that repeats it.</param>
    public static string Write(ComparisonResult result, ComparisonFindings findings, string command)
    {
        ArgumentNullException.ThrowIfNull(result);
        var body = new StringBuilder();
        body.Append("<h1>OCSP stapling, compared</h1>");
        body.Append(
            CultureInfo.InvariantCulture,
            $"<p class=\"lead\">{result.At:yyyy-MM-dd HH:mm} UTC · {result.Took.TotalSeconds:0} s"
                + $"{(result.IsCutShort ? $" · {ComparisonText.CutShort}" : "")}</p>"
        );
        body.Append(CultureInfo.InvariantCulture, $"<p>{Text(ComparisonText.Introduction)}</p>");
        ScenarioSection.Write(body, result, findings, command);
        ArticleSection.Write(body, result, findings, command);
        ClientSection.Write(body, result, command);
        CostSection.Write(body, result, command);
        FleetSection.Write(body, result, command);
        Servers(body, result);
        return $$"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>OCSP stapling, compared</title>
            <style>{{StripDrawing.Style}}{{Style}}</style>
            <body>
            {{body}}
            </body>
            </html>
            """;
    }

    private static void Servers(StringBuilder body, ComparisonResult result)
    {
        body.Append("<h2>Servers</h2>");
        Table(
            body,
            "servers",
            ["server", "version", "setting"],
            [
                .. result.Servers.Select(server =>
                    new[] { Head(server.Name), Cell(server.Version), Cell(server.Setting) }
                ),
                .. result.Missing.Select(missing =>
                    new[] { Head(missing.Name), Cell("left out"), Cell(missing.Reason) }
                ),
            ]
        );
        foreach (var failure in result.Failures)
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"fails\">{Text(failure)}</p>");
    }

    private const string Style = """
        :root {
            color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif;
        }
        body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { margin-bottom: 0; } .lead { margin-top: 0; opacity: .7; }
        .note { font-size: .85rem; margin: .4rem 0; } .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: .85rem; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .5rem; border-bottom: 1px solid #8884; }
        td.holds { background: #2da44e22; }
        td.fails { background: #cf222e22; }
        td.unseen { opacity: .6; }
        td.refuses { background: #8250df22; }
        td.holds b { color: var(--good); } td.fails b, .fails { color: var(--wrong); }
        figure { margin: 0 0 1.5rem; }
        figcaption { font-size: .8rem; opacity: .75; margin-top: .4rem; overflow-wrap: anywhere; }
        th:first-child { position: sticky; left: 0; background: Canvas; }
        th small { display: block; font-weight: normal; opacity: .75; }
        #verdicts { padding-left: 1.2rem; }
        #clients { font-size: .75rem; }
        #clients td { min-width: 5rem; overflow-wrap: anywhere; }
        .strips {
            display: grid; grid-template-columns: fit-content(16rem) 1fr fit-content(16rem);
            align-items: center; column-gap: .6rem; font-size: .8rem; line-height: 1.2;
        }
        .strips svg { width: 100%; height: 26px; }
        svg text { font: 11px system-ui, sans-serif; fill: currentColor; opacity: .7; }
        .bar { fill: #0969da; }
        .legend span { margin-right: 1rem; white-space: nowrap; font-size: .85rem; }
        .legend svg { vertical-align: middle; }
        .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1rem; }
        .pictures img { width: 100%; height: auto; border: 1px solid #8884; }
        @media (max-width: 40rem) {
            .strips { grid-template-columns: fit-content(6.5rem) 1fr fit-content(6.5rem); }
            .wide::before { content: "⇄ more to the right"; position: sticky; left: 0; font-size: .75rem; opacity: .8; }
            th:first-child { max-width: 8rem; } th small { display: none; }
        }
        @media print { body { max-width: none; margin: 0; }
        figure { break-inside: avoid; }
        * { print-color-adjust: exact; }
        }
        """;
}
