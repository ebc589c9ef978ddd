using System.Globalization;
using System.Net;
using System.Text;
using OcspLab.Lab.Timelines;
using OcspLab.LabConsole.Telling;
using OcspLab.LabConsole.Watching;

namespace OcspLab.LabConsole.Reporting;

/// <summary>What was seen as one HTML file that needs nothing else: no network, no script.</summary>
public static class HistoryHtml
{
    /// <summary>Writes all that is remembered, as one picture.</summary>
    public static string Write(LabHistory history, Language words, DateTimeOffset now)
    {
        var oldest = now - ServerHistory.Memory;
        var window = now - (history.Began > oldest ? history.Began : oldest);
        if (window < Shortest)
            window = Shortest;
        var body = new StringBuilder();
        body.Append(
            CultureInfo.InvariantCulture,
            $"<h1>{Text(words["title"])}</h1><p>{now.ToLocalTime():yyyy-MM-dd HH:mm zzz}</p>"
                + $"<p>{Text(words["lead"])}</p><ul>"
        );
        foreach (var server in history.Servers)
            body.Append("<li>")
                .Append(Text(words.Sentence(server.Name, ServerSituation.Of(server, history.Responder, now))))
                .Append("</li>");
        body.Append(
            CultureInfo.InvariantCulture,
            $"</ul><h2>{Text(words["strips"])}</h2><p>{Text(words["stripsHelp"])}</p><div class=\"strips\">"
        );
        foreach (var server in history.Servers)
        {
            var strip = ServerStrip.Of(server, history, window, now);
            body.Append(
                CultureInfo.InvariantCulture,
                $"<span>{Text(server.Name)}</span><svg role=\"img\" "
                    + $"aria-label=\"{Text(Timeline.ToText(strip.Strip.Observations))}\">"
                    + $"{StripDrawing.Draw(strip.Strip, strip.Length, words.Result)}</svg>"
            );
        }

        body.Append("</div><p class=\"legend\">");
        foreach (var result in Enum.GetValues<HandshakeResult>())
            body.Append(
                CultureInfo.InvariantCulture,
                $"<span><svg width=\"18\" height=\"24\" aria-hidden=\"true\">{StripDrawing.Sample(result)}</svg> "
                    + $"{Text(words.Result(result))}</span> "
            );
        body.Append(CultureInfo.InvariantCulture, $"</p><h2>{Text(words["events"])}</h2><ol>");
        foreach (var happened in history.EventsSince(now - window))
            body.Append(
                CultureInfo.InvariantCulture,
                $"<li>{Language.Time(happened.At)} {Text(words.Event(happened))}</li>"
            );
        body.Append("</ol>");
        return $$"""
            <!doctype html>
            <html lang="{{words.Code}}">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{{Text(words["title"])}}</title>
            <style>{{StripDrawing.Style}}{{Style}}</style>
            <body>{{body}}</body>
            </html>
            """;
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private const string Style = """
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
        body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
        .strips { display: grid; grid-template-columns: fit-content(10rem) 1fr; column-gap: .6rem; }
        .strips svg { width: 100%; height: 26px; }
        .legend span { margin-right: 1rem; white-space: nowrap; } .legend svg { vertical-align: middle; }
        """;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);
}
