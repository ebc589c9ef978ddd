using System.Globalization;
using System.Net;
using System.Text;
using OcspLab.Stapling.Status;

namespace OcspLab.Site;

/// <summary>The one page: what this server staples right now, and why.</summary>
internal static class SitePage
{
    public static string Render(IStaplingStatus? status, DateTimeOffset now)
    {
        var body = new StringBuilder();
        if (status is null)
            body.Append(
                "<p>This endpoint uses .NET's built-in stapling, which has no way to show its state. Ask from "
                    + "outside: <code>ocsplab inspect</code>.</p>"
            );
        else if (status.Staples.Count == 0)
            body.Append("<p>No certificate has been met yet.</p>");
        foreach (var staple in status?.Staples ?? [])
            Append(body, staple, now);

        return $$"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="refresh" content="5">
            <title>echocert.lab</title>
            <style>
              :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
              body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
              table { border-collapse: collapse; width: 100%; }
              th, td { text-align: left; vertical-align: top; overflow-wrap: anywhere; }
              th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8884; }
              th { font-weight: 500; width: 11rem; }
              .good { color: #1a7f37; } .revoked, .none { color: #cf222e; }
              progress { width: 100%; }
            </style>
            <h1>echocert.lab</h1>
            {{body}}
            <p><small>{{Text(At(now))}} · the page renews itself every five seconds</small></p>
            </html>
            """;
    }

    private static void Append(StringBuilder body, StapleStatus status, DateTimeOffset now)
    {
        var staple = status.Staple;
        var verdict = staple?.Status.Kind.ToString().ToLowerInvariant() ?? "none";
        body.Append(
            CultureInfo.InvariantCulture,
            $"<h2>Staple: <span class=\"{verdict}\">{verdict}</span></h2><table>"
        );
        Row(body, "Certificate", status.Certificate);
        Row(body, "Serial number", status.SerialNumber);
        Row(body, "Must-staple", status.IsMustStaple ? "yes" : "no");
        Row(body, "Responder", string.Join(", ", status.Urls));
        if (staple is not null)
        {
            Row(body, "This update", At(staple.ThisUpdate));
            Row(body, "Next update", staple.NextUpdate is { } next ? At(next) : "not given");
            Row(body, "Signed by", staple.Signer);
            if (staple.Status.RevokedAt is { } revokedAt)
                Row(body, "Revoked", $"{At(revokedAt)}, {staple.Status.Reason?.ToString() ?? "no reason given"}");
            var life = (now - staple.ThisUpdate) / (staple.ExpiresAt - staple.ThisUpdate);
            body.Append(
                CultureInfo.InvariantCulture,
                $"<tr><th>Life</th><td><progress max=\"1\" value=\"{life:0.000}\"></progress></td></tr>"
            );
        }

        Row(
            body,
            "Last refresh",
            $"{(status.LastRefresh is { } last ? At(last) : "never")}: "
                + $"{status.LastOutcome.ToTag()}{(status.LastDetail is { } detail ? $", {detail}" : "")}"
        );
        Row(body, "Next refresh", status.NextRefresh is { } nextRefresh ? At(nextRefresh) : "none");
        body.Append("</table>");
    }

    private static void Row(StringBuilder body, string name, string value) =>
        body.Append(CultureInfo.InvariantCulture, $"<tr><th>{name}</th><td>{Text(value)}</td></tr>");

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string At(DateTimeOffset instant) =>
        instant.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
