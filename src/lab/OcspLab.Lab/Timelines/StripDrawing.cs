using System.Globalization;
using System.Net;
using System.Text;

namespace OcspLab.Lab.Timelines;

/// <summary>What a strip shows of one server.</summary>
/// <param name="Name">The server's name, for those who point at the strip.</param>
/// <param name="Observations">What clients saw.</param>
/// <param name="Requests">When the responder was asked.</param>
/// <param name="Events">When something was done to the lab.</param>
public sealed record Strip(
    string Name,
    IReadOnlyList<Observation> Observations,
    IReadOnlyList<TimeSpan> Requests,
    IReadOnlyList<TimeSpan> Events
)
{
    /// <summary>How far apart two observations may be for what is between them to be taken for seen.</summary>
    public TimeSpan? LongestGap { get; init; }

    /// <summary>What clients saw, one after the other.</summary>
    public IEnumerable<ObservedSpan> Spans => Timeline.Spans(Observations, LongestGap);
}

/// <summary>
/// A strip as the inside of an SVG of 26 units in height: what clients saw as bars, how long their answers were in
/// force as a line above, requests as ticks beneath, events as lines across. All that is across is in percent, so that
/// the strip is as wide as there is room. Results differ by their shape as well as by their colour.
/// </summary>
public static class StripDrawing
{
    /// <summary>Draws it.</summary>
    /// <param name="strip">What to draw.</param>
    /// <param name="length">The time at the right end.</param>
    /// <param name="words">A result in words, for those who point at it.</param>
    public static string Draw(Strip strip, TimeSpan length, Func<HandshakeResult, string> words)
    {
        ArgumentNullException.ThrowIfNull(strip);
        ArgumentNullException.ThrowIfNull(words);
        var svg = new StringBuilder();
        // Marks first: what was seen for a moment only is not hidden by them.
        foreach (var window in Timeline.Windows(strip.Observations))
            Line(svg, "window", X(window.From), X(window.To), 2, 2);
        foreach (var request in strip.Requests.Where(IsWithin))
            Line(svg, "request", X(request), X(request), 22, 26);
        foreach (var at in strip.Events.Where(IsWithin))
            Line(svg, "trouble", X(at), X(at), 0, 22);

        foreach (var span in strip.Spans)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<g class=\"{Class(span.Result)}\"><title>{Text(strip.Name)}: {Text(words(span.Result))}, "
                    + $"{span.From.TotalSeconds:0} to {span.To.TotalSeconds:0} s</title>"
            );
            var left = Math.Min(X(span.From), 100 - Least);
            Bars(svg, span.Result, left, Math.Max(Least, X(span.To) - left));
            svg.Append("</g>");
        }

        return svg.ToString();

        double X(TimeSpan at) => 100 * Math.Clamp(at / length, 0, 1);

        bool IsWithin(TimeSpan at) => at >= TimeSpan.Zero && at <= length;
    }

    /// <summary>A result's colour and shape alone, for a legend: the inside of an SVG of 26 units in height.</summary>
    public static string Sample(HandshakeResult result)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<g class=\"{Class(result)}\">");
        Bars(svg, result, 0, 100);
        return svg.Append("</g>").ToString();
    }

    /// <summary>The class that colours a result.</summary>
    public static string Class(HandshakeResult result) => result.ToString().ToLowerInvariant();

    /// <summary>What can still be seen of a strip, in percent.</summary>
    public const double Least = 0.5;

    /// <summary>The colours of results and marks, for light and for dark.</summary>
    public const string Style = """
        :root {
            --good: #2da44e; --revoked: #8250df; --unstapled: #8c959f;
            --expired: #bc4c00; --wrong: #cf222e; --refused: #6e7781;
        }
        @media (prefers-color-scheme: dark) {
            :root { --good: #3fb950; --revoked: #a371f7; --expired: #db6d28; --wrong: #f85149; --refused: #8b949e; }
        }
        .good { fill: var(--good); }
        .revoked { fill: var(--revoked); }
        .unstapled { fill: var(--unstapled); }
        .expired { fill: var(--expired); }
        .wrong { fill: var(--wrong); }
        .refused { fill: var(--refused); }
        .request { stroke: currentColor; stroke-width: 1; opacity: .7; }
        .window { stroke: currentColor; stroke-width: 1.5; opacity: .5; }
        .trouble { stroke: currentColor; stroke-width: 2; stroke-dasharray: 3 2; }

        """;

    private static void Bars(StringBuilder svg, HandshakeResult result, double left, double width)
    {
        // Top and height of each.
        ReadOnlySpan<(int Top, int Height)> bars = result switch
        {
            HandshakeResult.Good => [(4, 16)],
            HandshakeResult.Revoked => [(4, 6), (14, 6)],
            HandshakeResult.Expired => [(12, 8)],
            HandshakeResult.Wrong => [(4, 3), (10, 4), (17, 3)],
            HandshakeResult.Unstapled => [(10, 4)],
            // An empty frame.
            _ => [(4, 1), (19, 1)],
        };
        foreach (var (top, height) in bars)
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect x=\"{left:0.##}%\" y=\"{top}\" width=\"{width:0.##}%\" height=\"{height}\"/>"
            );
    }

    private static void Line(StringBuilder svg, string kind, double x1, double x2, int y1, int y2) =>
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<line class=\"{kind}\" x1=\"{x1:0.##}%\" x2=\"{x2:0.##}%\" y1=\"{y1}\" y2=\"{y2}\"/>"
        );

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
