using System.Net;
using Microsoft.Extensions.Options;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// One attempt, from the request to the last byte that is wanted: follows redirects of a GET on the same host, and
/// reads the body up to the limit. It stands behind the retries, so that a body that breaks off or drips is tried
/// again, and each retry starts at the responder.
/// </summary>
internal sealed class OcspTransportHandler(string name, IOptionsMonitor<OcspClientOptions> options) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var url = request.RequestUri!;
        for (var redirects = 0; ; redirects++)
        {
            var response = await SendOnceAsync(request, url, cancellationToken).ConfigureAwait(false);
            if (Target(response, request.Method, url) is not { } target || redirects == MaximumRedirects)
                return await BoundAsync(response, cancellationToken).ConfigureAwait(false);
            response.Dispose();
            url = target;
        }
    }

    // A message of its own for each hop.
    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage request,
        Uri url,
        CancellationToken cancellationToken
    )
    {
        using var message = new HttpRequestMessage(request.Method, url)
        {
            Version = request.Version,
            VersionPolicy = request.VersionPolicy,
        };
        foreach (var (header, values) in request.Headers)
            message.Headers.TryAddWithoutValidation(header, values);
        if (request.Content is { } content)
        {
            message.Content = new ByteArrayContent(
                await content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false)
            );
            message.Content.Headers.ContentType = content.Headers.ContentType;
        }

        return await base.SendAsync(message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Where the response sends its reader, if it may. Whoever answers for a responder, or in its place, must not have
    /// this server send requests of its making to hosts that only this server can reach: a GET stays on its host, and
    /// at most becomes https; a POST is never repeated.
    /// </summary>
    private static Uri? Target(HttpResponseMessage response, HttpMethod method, Uri url) =>
        method == HttpMethod.Get
        && response.StatusCode
            is HttpStatusCode.MovedPermanently
                or HttpStatusCode.Found
                or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect
                or HttpStatusCode.PermanentRedirect
        && response.Headers.Location is { } location
        && Uri.TryCreate(url, location, out var target)
        && string.Equals(target.IdnHost, url.IdnHost, StringComparison.OrdinalIgnoreCase)
        && (
            (target.Scheme == url.Scheme && target.Port == url.Port)
            || (
                target.Scheme == Uri.UriSchemeHttps
                && url.Scheme == Uri.UriSchemeHttp
                && target.IsDefaultPort
                && url.IsDefaultPort
            )
        )
            ? target
            : null;

    /// <summary>The body in memory, one byte longer than allowed where it is too long.</summary>
    private async Task<HttpResponseMessage> BoundAsync(
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        var body = response.Content;
        var limit = options.Get(name).MaximumResponseSize;
        var buffer = new byte[Math.Min(body.Headers.ContentLength ?? limit, limit) + 1];
        int length;
        try
        {
            using var stream = await body.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            length = await stream
                .ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            // The pipeline tries this kind again, and not the other: a connection that breaks in the body is as passing
            // as one before it.
            throw new HttpRequestException(HttpRequestError.ResponseEnded, exception.Message, exception);
        }

        response.Content = new ByteArrayContent(buffer, 0, length);
        foreach (var (header, values) in body.Headers)
        {
            if (header != "Content-Length")
                response.Content.Headers.TryAddWithoutValidation(header, values);
        }

        body.Dispose();
        return response;
    }

    private const int MaximumRedirects = 10;
}
