using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Faults;
using OcspLab.Responder.Journal;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Responding;

/// <summary>OCSP over HTTP (RFC 6960 appendix A, RFC 9919 §6 and §7), straight from the request's target or body.</summary>
internal sealed class OcspRequestHandler(OcspAnswering answering, IOptions<ResponderOptions> options, ResponderMetrics metrics, TimeProvider clock, RequestJournal? journal = null, FaultInjector? faults = null)
{
    private readonly int _limit = options.Value.MaximumRequestSize;

    public Task HandleAsync(HttpContext context)
    {
        var method = context.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method))
            return GetAsync(context);
        if (HttpMethods.IsPost(method))
            return PostAsync(context);
        context.Response.Headers.Allow = "GET, HEAD, POST";
        return SendAsync(context, Malformed, StatusCodes.Status405MethodNotAllowed);
    }

    private Task GetAsync(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target is "/" or "")
            return context.Response.WriteAsync("An OCSP responder (RFC 6960). Ask with POST, or GET /{base64 of the request}.\n");
        if (target.Length > _limit * 2)
            return SendAsync(context, Malformed, StatusCodes.Status414UriTooLong);

        // On the stack, because most of the time the bytes are only looked up.
        Span<byte> buffer = target.Length <= OnStack ? stackalloc byte[OnStack] : new byte[target.Length];
        var request = buffer[..RequestTarget.Read(target, buffer)];
        if (request.Length > _limit)
            return SendAsync(context, Malformed, StatusCodes.Status414UriTooLong);
        return faults is not { IsArmed: true } && answering.TryFindReady(request, out var ready) ? SendAsync(context, ready) : AnswerAsync(context, request.ToArray());
    }

    private async Task PostAsync(HttpContext context)
    {
        // Nothing said is taken as meant: some clients leave it out.
        if (context.Request.ContentType is { } type && !type.StartsWith("application/ocsp-request", StringComparison.OrdinalIgnoreCase))
        {
            await SendAsync(context, Malformed, StatusCodes.Status415UnsupportedMediaType).ConfigureAwait(false);
            return;
        }

        var length = context.Request.ContentLength;
        var buffer = new byte[length < _limit ? (int)length + 1 : _limit + 1];
        var read = length > _limit
            ? buffer.Length
            : await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted).ConfigureAwait(false);
        await (read > _limit ? SendAsync(context, Malformed, StatusCodes.Status413PayloadTooLarge) : AnswerAsync(context, buffer.AsMemory(0, read))).ConfigureAwait(false);
    }

    private async Task AnswerAsync(HttpContext context, ReadOnlyMemory<byte> request)
    {
        if (!answering.TryFindReady(request.Span, out var reply))
            reply = await answering.AnswerAsync(request, context.RequestAborted).ConfigureAwait(false);
        if (faults is not { IsArmed: true } || faults.Take(reply) is not { } fault)
        {
            await SendAsync(context, reply).ConfigureAwait(false);
            return;
        }

        if (await faults.InterruptAsync(context, fault).ConfigureAwait(false))
            journal?.Note(context, reply, context.Response.HasStarted ? context.Response.StatusCode : null, fault.Kind.ToString());
        else
            await SendAsync(context, faults.Spoil(reply, fault), fault: fault.Kind.ToString()).ConfigureAwait(false);
    }

    // 200 for OCSP errors too: clients do not look for an OCSP status behind any other.
    private Task SendAsync(HttpContext context, OcspReply reply, int status = StatusCodes.Status200OK, string? fault = null)
    {
        var response = context.Response;
        if (reply.Caching is { } caching)
        {
            // RFC 9919 §7.2
            response.Headers.CacheControl = caching.CacheControl(clock.GetUtcNow());
            response.Headers.Expires = caching.Expires;
            response.Headers.LastModified = caching.LastModified;
            response.Headers.ETag = caching.ETag;
            if (IsHeld(context.Request, caching))
                status = StatusCodes.Status304NotModified;
        }
        else
        {
            response.Headers.CacheControl = "no-store";
        }

        response.StatusCode = status;
        metrics.Answered(RequestCount.MethodOf(context.Request), reply.Outcome);
        journal?.Note(context, reply, status, fault);
        if (status == StatusCodes.Status304NotModified)
            return Task.CompletedTask;
        response.ContentType = "application/ocsp-response";
        response.ContentLength = reply.Body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(reply.Body, context.RequestAborted).AsTask();
    }

    // RFC 9110 §13.1.2 and §13.1.3, the date only without a tag; and only GET and HEAD have something to keep.
    private static bool IsHeld(HttpRequest request, Caching caching)
    {
        if (HttpMethods.IsPost(request.Method))
            return false;
        return request.Headers.IfNoneMatch is { Count: > 0 } held
            ? held.Any(value => value is not null && value.Split(',').Any(tag => tag.Trim() is var one && (one == "*" || one == caching.ETag || one == "W/" + caching.ETag)))
            : request.Headers.IfModifiedSince is [{ } since] && since == caching.LastModified;
    }

    private const int OnStack = 512;

    private static readonly OcspReply Malformed = OcspReplies.Error(OcspResponseStatus.MalformedRequest);
}
