using System.Globalization;
using System.Text;
using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Results;
using static OcspLab.Comparison.Reports.HtmlFigure;

namespace OcspLab.Comparison.Reports;

/// <summary>The clients in the report, with the browsers' pages as evidence.</summary>
internal static class ClientSection
{
    public static void Write(StringBuilder body, ComparisonResult result, string command)
    {
        if (result.Clients is not { } matrix)
            return;
        body.Append("<h2>What clients make of it</h2><figure>");
        Table(
            body,
            "clients",
            matrix.Clients.Select(client => client.Name).Prepend(""),
            matrix.Cases.Select(one =>
                matrix
                    .Clients.Select(client =>
                        matrix.Observations.FirstOrDefault(seen => seen.Client == client.Name && seen.Case == one.Name)
                    )
                    .Select(Outcome)
                    .Prepend(Head(one.Title))
            )
        );
        Caption(body, ComparisonText.Clients, command);
        body.Append("</figure>");
        Table(
            body,
            "client-settings",
            ["client", "version", "setting"],
            [
                .. matrix.Clients.Select(client =>
                    new[] { Head(client.Name), Cell(client.Version), Cell(client.Setting) }
                ),
                .. matrix.Missing.Select(missing =>
                    new[] { Head(missing.Name), Cell("left out"), Cell(missing.Reason) }
                ),
            ]
        );

        var pictures = matrix.Observations.Where(seen => seen.Picture is not null).ToArray();
        if (pictures.Length == 0)
            return;
        body.Append("<h3>What people see</h3><div id=\"pictures\" class=\"pictures\">");
        foreach (var seen in pictures)
        {
            var said = Text($"{seen.Client}: {seen.Said}");
            var title = Text(matrix.Cases.First(one => one.Name == seen.Case).Title);
            var picture = Convert.ToBase64String(seen.Picture!.Value.Span);
            body.Append(
                CultureInfo.InvariantCulture,
                $"<figure><img alt=\"{said}\" src=\"data:image/png;base64,{picture}\">"
                    + $"<figcaption>{said} ({title})</figcaption></figure>"
            );
        }

        body.Append("</div>");
    }

    private static string Outcome(ClientObservation? seen)
    {
        if (seen is null)
            return "<td class=\"unseen\">–</td>";
        var word = ComparisonText.Word(seen.Outcome);
        return $"<td class=\"{word}\"><b>{word}</b> {Text(ComparisonText.Said(seen))}</td>";
    }
}
