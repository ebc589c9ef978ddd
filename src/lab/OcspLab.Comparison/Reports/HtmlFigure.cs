using System.Globalization;
using System.Net;
using System.Text;
using OcspLab.Comparison.Findings;
using OcspLab.Lab.Timelines;

namespace OcspLab.Comparison.Reports;

/// <summary>What the figures of the report are made of.</summary>
internal static class HtmlFigure
{
    /// <summary>Text that means nothing to HTML.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Under every figure: how it was made, and the command that makes it again.</summary>
    public static void Caption(StringBuilder body, string procedure, string command) =>
        body.Append(
            CultureInfo.InvariantCulture,
            $"<figcaption>{Text(procedure)} <code>{Text(command)}</code></figcaption>"
        );

    /// <summary>
    /// A row of a figure (<c>.strips</c>): its label, a strip as wide as there is room, its value. All that is across
    /// the strip is in percent, so that text keeps its size on a phone.
    /// </summary>
    public static void Strip(StringBuilder body, string label, string strip, string value = "", string says = "") =>
        body.Append(
            CultureInfo.InvariantCulture,
            $"<span>{Text(label)}</span><svg role=\"img\" "
                + $"aria-label=\"{Text(says)}\">{strip}</svg><span>{Text(value)}</span>"
        );

    /// <summary>Bars, one a row, each with its value as text; all against the longest.</summary>
    public static void Bars(StringBuilder body, string id, IReadOnlyList<Bar> bars)
    {
        var most = bars.Select(bar => bar.Value).Append(double.Epsilon).Max();
        body.Append(CultureInfo.InvariantCulture, $"<div id=\"{id}\" class=\"strips\">");
        foreach (var bar in bars)
            Strip(
                body,
                bar.Label,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<rect class=\"{bar.Kind}\" y=\"4\" height=\"16\" "
                        + $"width=\"{Math.Max(StripDrawing.Least, 100 * bar.Value / most):0.##}%\"/>"
                ),
                bar.Text,
                bar.Text
            );
        body.Append("</div>");
    }

    /// <summary>A table with a heading row; a cell is HTML.</summary>
    public static void Table(
        StringBuilder body,
        string id,
        IEnumerable<string> headings,
        IEnumerable<IEnumerable<string>> rows
    )
    {
        body.Append(CultureInfo.InvariantCulture, $"<div class=\"wide\"><table id=\"{id}\"><thead><tr>");
        foreach (var heading in headings)
            body.Append(CultureInfo.InvariantCulture, $"<th>{Text(heading)}</th>");
        body.Append("</tr></thead><tbody>");
        foreach (var row in rows)
            body.Append("<tr>").AppendJoin("", row).Append("</tr>");
        body.Append("</tbody></table></div>");
    }

    /// <summary>A cell.</summary>
    public static string Cell(string text) => $"<td>{Text(text)}</td>";

    /// <summary>A row's first cell.</summary>
    public static string Head(string text) => $"<th>{Text(text)}</th>";

    /// <summary>A row's first cell, with a remark beneath.</summary>
    public static string Head(string text, string remark) => $"<th>{Text(text)}<small>{Text(remark)}</small></th>";

    /// <summary>A cell with a verdict.</summary>
    public static string Verdict(FindingVerdict verdict, string text)
    {
        var (name, mark) = verdict switch
        {
            FindingVerdict.Holds => ("holds", "✓"),
            FindingVerdict.Fails => ("fails", "✗"),
            _ => ("unseen", "–"),
        };
        return $"<td class=\"{name}\"><b>{mark}</b> {Text(text)}</td>";
    }
}

/// <summary>A bar.</summary>
/// <param name="Label">At its left.</param>
/// <param name="Value">How long it is.</param>
/// <param name="Text">At its right.</param>
/// <param name="Kind">The class that colours it.</param>
internal sealed record Bar(string Label, double Value, string Text, string Kind = "bar");
