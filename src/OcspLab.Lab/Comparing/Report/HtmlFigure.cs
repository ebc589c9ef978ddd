using System.Globalization;
using System.Net;
using System.Text;

namespace OcspLab.Lab;

/// <summary>What the figures of the report are made of.</summary>
internal static class HtmlFigure
{
    /// <summary>Width of a figure, in its own units.</summary>
    public const int Width = 900;

    /// <summary>Width of the labels at its left.</summary>
    public const int Left = 120;

    /// <summary>Height of a row.</summary>
    public const int RowHeight = 28;

    /// <summary>Text that means nothing to HTML.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Under every figure: how it was made, and the command that makes it again.</summary>
    public static void Caption(StringBuilder body, string procedure, string command) =>
        body.Append(CultureInfo.InvariantCulture, $"<figcaption>{Text(procedure)} <code>{Text(command)}</code></figcaption>");

    /// <summary>Bars, one a row, each with its value as text; all against the longest.</summary>
    public static void Bars(StringBuilder body, string id, string title, IReadOnlyList<Bar> bars, int left = Left)
    {
        var most = bars.Select(bar => bar.Value).Append(double.Epsilon).Max();
        body.Append(CultureInfo.InvariantCulture, $"<svg id=\"{id}\" class=\"timeline\" role=\"img\" aria-label=\"{Text(title)}\" viewBox=\"0 0 {Width} {bars.Count * RowHeight}\">");
        for (var row = 0; row < bars.Count; row++)
        {
            var (y, width) = (row * RowHeight, Math.Max(1, (Width - left - ValueWidth) * bars[row].Value / most));
            body.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{y + 15}\">{Text(bars[row].Label)}</text><rect class=\"{bars[row].Kind}\" x=\"{left}\" y=\"{y + 3}\" width=\"{width:0.0}\" height=\"16\"/><text class=\"axis\" x=\"{left + width + 6:0.0}\" y=\"{y + 16}\">{Text(bars[row].Text)}</text>");
        }

        body.Append("</svg>");
    }

    /// <summary>A table with a heading row; a cell is HTML.</summary>
    public static void Table(StringBuilder body, string id, IEnumerable<string> headings, IEnumerable<IEnumerable<string>> rows)
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

    /// <summary>A cell with a verdict.</summary>
    public static string Verdict(FindingVerdict verdict, string text)
    {
        var (name, mark) = verdict switch { FindingVerdict.Holds => ("holds", "✓"), FindingVerdict.Fails => ("fails", "✗"), _ => ("unseen", "–") };
        return $"<td class=\"{name}\"><b>{mark}</b> {Text(text)}</td>";
    }

    private const int ValueWidth = 200;
}

/// <summary>A bar.</summary>
/// <param name="Label">At its left.</param>
/// <param name="Value">How long it is.</param>
/// <param name="Text">At its right.</param>
/// <param name="Kind">The class that colours it.</param>
internal sealed record Bar(string Label, double Value, string Text, string Kind = "bar");
