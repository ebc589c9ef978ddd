using System.Text;
using OcspLab.Comparison.Results;
using static OcspLab.Comparison.Reports.HtmlFigure;

namespace OcspLab.Comparison.Reports;

/// <summary>What a fleet's clients saw, in the report.</summary>
internal static class FleetSection
{
    public static void Write(StringBuilder body, ComparisonResult result, string command)
    {
        if (result.Fleet is not { } fleet)
            return;
        body.Append("<h2>A fleet under fire</h2><figure>");
        Table(body, "fleet", ["", ""], fleet.Rows.Select(row => new[] { Head(row.Name), Cell(row.Value) }));
        Caption(body, ComparisonText.Fleet, command);
        body.Append("</figure>");
    }
}
