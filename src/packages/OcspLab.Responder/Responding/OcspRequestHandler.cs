using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Responding;

/// <summary>
/// OCSP over HTTP (RFC 6960 appendix A, RFC 9919 §6 and §7), straight from the request's target or body.
/// </summary>
internal sealed class OcspRequestHandler(
    OcspResponder responder,
    IResponseSender sender,
    IOptions<ResponderOptions> options
)
{
    private readonly int _limit = options.Value.MaximumRequestSize;

    public Task HandleAsync(HttpContext http)
    {
        var method = http.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method))
            return GetAsync(http);
        if (HttpMethods.IsPost(method))
            return PostAsync(http);
        http.Response.Headers.Allow = "GET, HEAD, POST";
        return sender.SendAsync(http, Malformed, StatusCodes.Status405MethodNotAllowed);
    }

    private Task GetAsync(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target is "/" or "")
            return http.Response.WriteAsync(
                "An OCSP responder (RFC 6960). Ask with POST, or GET /{base64 of the request}.\n"
            );
        if (target.Length > _limit * 2)
            return sender.SendAsync(http, Malformed, StatusCodes.Status414UriTooLong);

        // On the stack, because most of the time the bytes are only looked up.
        Span<byte> buffer = target.Length <= OnStack ? stackalloc byte[OnStack] : new byte[target.Length];
        var request = buffer[..RequestTarget.Read(target, buffer)];
        if (request.Length > _limit)
            return sender.SendAsync(http, Malformed, StatusCodes.Status414UriTooLong);
        return responder.TryGetCached(request, out var cached)
            ? sender.SendAsync(http, cached)
            : RespondAsync(http, request.ToArray());
    }

    private async Task PostAsync(HttpContext http)
    {
        // Nothing said is taken as meant: some clients leave it out.
        if (
            http.Request.ContentType is { } type
            && !type.StartsWith("application/ocsp-request", StringComparison.OrdinalIgnoreCase)
        )
        {
            await sender.SendAsync(http, Malformed, StatusCodes.Status415UnsupportedMediaType).ConfigureAwait(false);
            return;
        }

        ReadOnlyMemory<byte>? body;
        try
        {
            body = await ReadBodyAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception)
        {
            // Chunks that are none, a body that is too slow or ends too soon. What a peer does wrong is nothing to log.
            await sender.SendAsync(http, Malformed, exception.StatusCode).ConfigureAwait(false);
            return;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            http.Abort();
            return;
        }

        if (body is not { } request)
            await sender.SendAsync(http, Malformed, StatusCodes.Status413PayloadTooLarge).ConfigureAwait(false);
        else if (responder.TryGetCached(request.Span, out var cached))
            await sender.SendAsync(http, cached).ConfigureAwait(false);
        else
            await RespondAsync(http, request).ConfigureAwait(false);
    }

    private async Task RespondAsync(HttpContext http, ReadOnlyMemory<byte> request)
    {
        var response = await responder.RespondAsync(request, http.RequestAborted).ConfigureAwait(false);
        await sender.SendAsync(http, response).ConfigureAwait(false);
    }

    /// <summary>The body, or null where it is longer than allowed.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > _limit)
            return null;
        var buffer = new byte[request.ContentLength is { } length ? (int)length + 1 : _limit + 1];
        var read = await request
            .Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        // Not a conditional expression: null would become an array's memory of nothing there.
        if (read > _limit)
            return null;
        return buffer.AsMemory(0, read);
    }

    private const int OnStack = 512;

    private static readonly PreparedResponse Malformed = PreparedResponse.Error(OcspResponseStatus.MalformedRequest);
}
