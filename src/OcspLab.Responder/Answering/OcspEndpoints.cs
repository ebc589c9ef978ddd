using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp;
using OcspLab.Responder;

namespace OcspLab;

/// <summary>Puts the responder on a port.</summary>
public static class OcspEndpoints
{
    /// <summary>Answers OCSP over GET and POST on every path (RFC 6960 appendix A). Needs <c>AddOcspResponder</c>.</summary>
    public static void MapOcspResponder(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var answering = endpoints.ServiceProvider.GetRequiredService<OcspAnswering>();
        var limit = endpoints.ServiceProvider.GetRequiredService<IOptions<ResponderOptions>>().Value.MaximumRequestSize;
        endpoints.MapGet("/{**request}", context => GetAsync(context, answering, limit));
        endpoints.MapPost("/{**path}", context => PostAsync(context, answering, limit));
    }

    private static Task GetAsync(HttpContext context, OcspAnswering answering, int limit)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (target is "/" or "")
            return context.Response.WriteAsync("An OCSP responder (RFC 6960). Ask with POST, or GET /{base64 of the request}.\n");
        if (target.Length > limit * 2)
            return SendAsync(context, Malformed, StatusCodes.Status414UriTooLong);
        return SendAsync(context, answering.Answer(RequestTarget.TryRead(target, out var request) ? request : [], "GET"));
    }

    private static async Task PostAsync(HttpContext context, OcspAnswering answering, int limit)
    {
        var buffer = new byte[limit + 1];
        var length = context.Request.ContentLength > limit
            ? buffer.Length
            : await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted).ConfigureAwait(false);
        await (length > limit
            ? SendAsync(context, Malformed, StatusCodes.Status413PayloadTooLarge)
            : SendAsync(context, answering.Answer(buffer.AsMemory(0, length), "POST"))).ConfigureAwait(false);
    }

    // 200 for OCSP errors too: clients do not look for an OCSP status behind any other.
    private static async Task SendAsync(HttpContext context, OcspReply reply, int status = StatusCodes.Status200OK)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/ocsp-response";
        response.ContentLength = reply.Body.Length;
        if (reply.Caching is { } caching)
        {
            // RFC 9919 §7.2
            response.Headers.CacheControl = $"max-age={(long)caching.MaxAge.TotalSeconds}, public, no-transform, must-revalidate";
            response.Headers.Expires = HttpDate(caching.NextUpdate);
            response.Headers.LastModified = HttpDate(caching.ThisUpdate);
            response.Headers.ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(reply.Body.Span))}\"";
        }
        else
        {
            response.Headers.CacheControl = "no-store";
        }

        await response.Body.WriteAsync(reply.Body, context.RequestAborted).ConfigureAwait(false);
    }

    private static string HttpDate(DateTimeOffset instant) => instant.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture);

    private static readonly OcspReply Malformed = new(OcspResponseBuilder.BuildError(OcspResponseStatus.MalformedRequest), RequestCount.Name(OcspResponseStatus.MalformedRequest), null);
}
