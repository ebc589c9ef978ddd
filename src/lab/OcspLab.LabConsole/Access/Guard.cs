using System.Net;
using OcspLab.LabConsole.Telling;

namespace OcspLab.LabConsole.Access;

/// <summary>
/// Who may come in: this machine, under this machine's name, with the printed address or the cookie that it gave,
/// from no other site. It stands before everything else.
/// </summary>
internal sealed class Guard(RequestDelegate next, LoginToken token)
{
    /// <summary>The name of the cookie.</summary>
    public const string CookieName = "ocsplab-console";

    public async Task InvokeAsync(HttpContext context)
    {
        Harden(context.Response.Headers);
        if (Refusal(context) is { } status)
        {
            context.Response.StatusCode = (int)status;
            return;
        }

        if (context.Request.Path == "/login" && HttpMethods.IsGet(context.Request.Method))
        {
            await LetInAsync(context).ConfigureAwait(false);
            return;
        }

        if (
            !context.Request.Path.StartsWithSegments(token.Path) || !token.IsCookie(context.Request.Cookies[CookieName])
        )
        {
            await RefuseAsync(context).ConfigureAwait(false);
            return;
        }

        await next(context).ConfigureAwait(false);
    }

    // A name of somebody else's that leads here (DNS rebinding) is another host; a page of somebody else's has another
    // origin, and a browser says so with every request that it could do harm with.
    private static HttpStatusCode? Refusal(HttpContext context)
    {
        var request = context.Request;
        if (context.Connection.RemoteIpAddress is not { } peer || !IPAddress.IsLoopback(peer))
            return HttpStatusCode.Forbidden;
        if (request.Host.Host is not ("127.0.0.1" or "localhost"))
            return HttpStatusCode.MisdirectedRequest;
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && origin != $"{request.Scheme}://{request.Host}")
            return HttpStatusCode.Forbidden;
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        // The address is opened from a terminal or a mail: that is another site, and shows the page and no more.
        var isVisit = HttpMethods.IsGet(request.Method) && request.Path == "/login";
        return site is "" or "same-origin" or "none" || isVisit ? null : HttpStatusCode.Forbidden;
    }

    private async Task LetInAsync(HttpContext context)
    {
        if (!token.IsToken(context.Request.Query["token"]))
        {
            await RefuseAsync(context).ConfigureAwait(false);
            return;
        }

        context.Response.Cookies.Append(
            CookieName,
            token.Cookie,
            new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                IsEssential = true,
                Path = token.Path,
            }
        );
        // A page of its own rather than a redirect: after one, the browser would still count the visit as coming from
        // where the address was clicked, and keep a strict cookie back.
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers["Refresh"] = $"0; url={token.Path}/";
        await context
            .Response.WriteAsync(
                Page("en", "OCSP stapling, live", $"<a href=\"{token.Path}/\">OCSP stapling, live</a>")
            )
            .ConfigureAwait(false);
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
        context.Response.ContentType = "text/html; charset=utf-8";
        var language = Language.Of(
            context.Request.GetTypedHeaders().AcceptLanguage.FirstOrDefault()?.Value.ToString().Split('-')[0]
        );
        return context.Response.WriteAsync(
            Page(language.Code, language["loginTitle"], $"<h1>{language["loginTitle"]}</h1><p>{language["login"]}</p>")
        );
    }

    private static string Page(string language, string title, string body) =>
        $"<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\">"
        + $"<title>{title}</title><main>{body}</main>";

    private static void Harden(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            + "base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // A page of ours that is left says so with its origin, or it would be kept alive for minutes.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }
}
