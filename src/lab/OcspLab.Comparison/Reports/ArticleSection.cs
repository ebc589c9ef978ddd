using System.Globalization;
using System.Text;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Results;
using static OcspLab.Comparison.Reports.HtmlFigure;

namespace OcspLab.Comparison.Reports;

/// <summary>The article's four claims in the report.</summary>
internal static class ArticleSection
{
    public static void Write(StringBuilder body, ComparisonResult result, ComparisonFindings findings, string command)
    {
        if (findings.Claims.All(claim => claim.Verdict == FindingVerdict.Unseen))
            return;
        body.Append("<h2>The article's claims</h2><figure>");
        Table(
            body,
            "claims",
            ["stapling means that…", ""],
            findings.Claims.Select(claim =>
                new[] { Head(claim.Claim), Verdict(claim.Verdict, claim.Evidence.ToText()) }
            )
        );
        Caption(
            body,
            $"{ComparisonText.Claims} The figures below, and the table of clients, are what it was held against.",
            command
        );
        body.Append("</figure>");
        if (result.Latencies.Count > 0)
        {
            body.Append("<h3>Latency</h3><figure>");
            Bars(
                body,
                "latency",
                [
                    .. result.Latencies.Select(latency => new Bar(
                        ComparisonText.Label(latency),
                        latency.Milliseconds.Median,
                        ComparisonText.Milliseconds(latency.Milliseconds),
                        latency.Way == StatusWay.Stapled ? "good" : "unstapled"
                    )),
                ]
            );
            Caption(body, ComparisonText.Latency, command);
            body.Append("</figure>");
        }

        if (result.Loads.Count > 0)
        {
            body.Append("<h3>Load and privacy</h3><figure>");
            var largest = result.Loads.Max(load => load.Clients);
            Bars(
                body,
                "load",
                [
                    .. result
                        .Loads.Where(load => load.Clients == largest)
                        .Select(load => new Bar(
                            load.Server,
                            load.Requests,
                            string.Create(CultureInfo.InvariantCulture, $"{load.Requests} for {load.Clients} clients"),
                            load.Server == CrowdLoad.AskThemselves ? "unstapled" : "good"
                        )),
                ]
            );
            var (headings, rows) = ComparisonText.Loads(result.Loads);
            Table(body, "crowds", headings, rows.Select(row => row.Skip(1).Select(Cell).Prepend(Head(row[0]))));
            Caption(body, ComparisonText.Crowds, command);
            body.Append("</figure>");
        }
    }
}
