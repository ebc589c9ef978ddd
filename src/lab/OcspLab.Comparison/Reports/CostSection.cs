using System.Text;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Results;
using OcspLab.Comparison.Servers;
using OcspLab.Probe;
using static OcspLab.Comparison.Reports.HtmlFigure;

namespace OcspLab.Comparison.Reports;

/// <summary>What staples cost, in the report.</summary>
internal static class CostSection
{
    public static void Write(StringBuilder body, ComparisonResult result, string command)
    {
        if (result.Costs.Count == 0)
            return;
        body.Append("<h2>What a staple costs</h2>");
        foreach (
            var group in result
                .Costs.Where(cost => cost is { Session: SessionKind.New, Version: TlsVersion.Tls13, Clients: Shown })
                .GroupBy(cost => cost.Key)
        )
        {
            body.Append("<h3>")
                .Append(Text($"{group.Key.Describe()}, TLS 1.3, new sessions, {Shown} clients at once"))
                .Append("</h3><figure>");
            Bars(
                body,
                $"cost-{group.Key.ToString().ToLowerInvariant()}",
                [
                    .. group.Select(cost => new Bar(
                        $"{cost.Server}{(cost.Stapling == ServerStapling.On ? ", stapled" : "")}",
                        cost.Milliseconds.Median,
                        ComparisonText.Milliseconds(cost.Milliseconds),
                        cost.Stapling == ServerStapling.On ? "good" : "unstapled"
                    )),
                ]
            );
            Caption(
                body,
                "Processor time of the server for a handshake: green with staples, grey without. The procedure is "
                    + "below the table.",
                command
            );
            body.Append("</figure>");
        }

        var (headings, rows) = ComparisonText.Costs(result.Costs);
        body.Append("<figure>");
        Table(body, "costs", headings, rows.Select(row => row.Skip(1).Select(Cell).Prepend(Head(row[0]))));
        Caption(body, ComparisonText.Cost, command);
        body.Append("</figure>");
    }

    // A server that is busy.
    private const int Shown = 8;
}
