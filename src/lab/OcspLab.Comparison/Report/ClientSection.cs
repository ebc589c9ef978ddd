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
            .Select(client => matrix.Observations.FirstOrDefault(seen => seen.Client == client.Name && seen.Case == one.Name))
            .Select(seen => seen is null ? "<td class=\"unseen\">–</td>" : $"<td class=\"{(seen.Outcome == ClientOutcome.Connects ? "connects" : "refuses")}\"><b>{ComparisonText.Word(seen.Outcome)}</b> {Text(ComparisonText.Said(seen))}</td>")
            .Prepend(Head(one.Title))));
        Caption(body, ComparisonText.Clients, command);
        body.Append("</figure>");
        Table(body, "client-settings", ["client", "version", "setting"], [
            .. matrix.Clients.Select(client => new[] { Head(client.Name), Cell(client.Version), Cell(client.Setting) }),
            .. matrix.Missing.Select(missing => new[] { Head(missing.Name), Cell("left out"), Cell(missing.Reason) })]);

        var pictures = matrix.Observations.Where(seen => seen.Picture is not null).ToArray();
        if (pictures.Length == 0)
            return;
        body.Append("<h3>What people see</h3><div id=\"pictures\" class=\"pictures\">");
        foreach (var seen in pictures)
            body.Append(CultureInfo.InvariantCulture, $"<figure><img alt=\"{Text($"{seen.Client}: {seen.Said}")}\" src=\"data:image/png;base64,{Convert.ToBase64String(seen.Picture!.Value.Span)}\"><figcaption>{Text($"{seen.Client}: {seen.Said}")} ({Text(matrix.Cases.First(one => one.Name == seen.Case).Title)})</figcaption></figure>");
        body.Append("</div>");
    }
}
