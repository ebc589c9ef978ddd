using System.Globalization;
using System.Text;
using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Results;
using static OcspLab.Comparison.Report.HtmlFigure;

namespace OcspLab.Comparison.Report;

/// <summary>The clients in the report, with the browsers' pages as evidence.</summary>
internal static class ClientSection
{
    public static void Write(StringBuilder body, ComparisonResult result, string command)
    {
        if (result.Clients is not { } matrix)
            return;
        body.Append("<h2>What clients make of it</h2><figure>");
        Table(body, "clients", matrix.Clients.Select(client => client.Name).Prepend(""), matrix.Cases.Select(one => matrix.Clients
            .Select(client => matrix.Looks.FirstOrDefault(look => look.Client == client.Name && look.Case == one.Name))
            .Select(look => look is null ? "<td class=\"unseen\">–</td>" : $"<td class=\"{(look.Outcome == ClientOutcome.Connects ? "connects" : "refuses")}\"><b>{ComparisonText.Word(look.Outcome)}</b> {Text(ComparisonText.Said(look))}</td>")
            .Prepend(Head(one.Title))));
        Caption(body, ComparisonText.Clients, command);
        body.Append("</figure>");
        Table(body, "client-settings", ["client", "version", "setting"], [
            .. matrix.Clients.Select(client => new[] { Head(client.Name), Cell(client.Version), Cell(client.Setting) }),
            .. matrix.Missing.Select(missing => new[] { Head(missing.Name), Cell("left out"), Cell(missing.Reason) })]);

        var pictures = matrix.Looks.Where(look => look.Picture is not null).ToArray();
        if (pictures.Length == 0)
            return;
        body.Append("<h3>What people see</h3><div id=\"pictures\" class=\"pictures\">");
        foreach (var look in pictures)
            body.Append(CultureInfo.InvariantCulture, $"<figure><img alt=\"{Text($"{look.Client}: {look.Said}")}\" src=\"data:image/png;base64,{Convert.ToBase64String(look.Picture!.Value.Span)}\"><figcaption>{Text($"{look.Client}: {look.Said}")} ({Text(matrix.Cases.First(one => one.Name == look.Case).Title)})</figcaption></figure>");
        body.Append("</div>");
    }
}
