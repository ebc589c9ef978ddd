using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Responding;

/// <summary>
/// Sends responses with their cache headers (RFC 9919 §7.2), or 304 to who holds them already, and counts them.
/// </summary>
internal sealed class ResponseSender(ResponderMetrics metrics, TimeProvider clock) : IResponseSender
{
    /// <summary>HTTP's status: 304 for who holds the response already (RFC 9110 §13.1).</summary>
    public static int StatusOf(HttpRequest request, PreparedResponse response, int status) =>
        response.Caching is { } caching && IsNotModified(request, caching) ? StatusCodes.Status304NotModified : status;

    public Task SendAsync(HttpContext http, PreparedResponse response, int status = StatusCodes.Status200OK)
    {
        SetCacheHeaders(http.Response.Headers, response.Caching);
        http.Response.StatusCode = status = StatusOf(http.Request, response, status);
        metrics.Responded(RequestCount.MethodOf(http.Request), response.Outcome);
        if (status == StatusCodes.Status304NotModified)
            return Task.CompletedTask;
        http.Response.ContentType = "application/ocsp-response";
        http.Response.ContentLength = response.Body.Length;
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : http.Response.Body.WriteAsync(response.Body, http.RequestAborted).AsTask();
    }

    private void SetCacheHeaders(IHeaderDictionary headers, Caching? caching)
    {
        if (caching is null)
        {
            headers.CacheControl = "no-store";
            return;
        }

        headers.CacheControl = caching.CacheControl(clock.GetUtcNow());
        headers.Expires = caching.Expires;
        headers.LastModified = caching.LastModified;
        headers.ETag = caching.ETag;
    }

    // RFC 9110 §13.1.2 and §13.1.3, the date only without a tag; and only GET and HEAD have something to keep.
    private static bool IsNotModified(HttpRequest request, Caching caching)
    {
        if (HttpMethods.IsPost(request.Method))
            return false;
        if (request.Headers.IfNoneMatch is { Count: > 0 } tags)
            return tags.Any(value => value?.Split(',').Any(tag => IsTagOf(tag.Trim(), caching)) ?? false);
        return request.Headers.IfModifiedSince is [{ } since] && caching.IsUnmodifiedSince(since);
    }

    private static bool IsTagOf(string tag, Caching caching) =>
        tag == "*" || tag == caching.ETag || tag == "W/" + caching.ETag;
}
