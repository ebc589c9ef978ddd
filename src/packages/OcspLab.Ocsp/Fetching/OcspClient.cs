using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// Fetches over HTTP (RFC 6960 appendix A, RFC 9919 §6). Retries, attempt deadline and circuit breaker are the
/// handler's.
/// </summary>
internal sealed class OcspClient(
    string name,
    IHttpClientFactory clients,
    IOptionsMonitor<OcspClientOptions> options,
    TimeProvider clock
) : IOcspClient
{
    private readonly UrlPreference _preference = new();

    public static string HttpClientName(string name) => name.Length == 0 ? "OcspLab.Ocsp" : $"OcspLab.Ocsp/{name}";

    public async Task<OcspFetch> FetchAsync(
        OcspSubject subject,
        IReadOnlyList<Uri> urls,
        VerificationPolicy policy,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentNullException.ThrowIfNull(urls);
        ArgumentNullException.ThrowIfNull(policy);
        if (urls.FirstOrDefault(url => url is not { IsAbsoluteUri: true, Scheme: "http" or "https" }) is { } stranger)
            throw new ArgumentException($"'{stranger}' is not an absolute http or https URL.", nameof(urls));

        var settings = options.Get(name);
        if (settings.Nonce == RequestNonce.Send && policy.Nonce is null)
            policy = policy with { Nonce = RandomNumberGenerator.GetBytes(NonceLength) };
        var started = clock.GetTimestamp();
        using var timer = new CancellationTokenSource(settings.Timeout, clock);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);

        var request = new OcspRequest
        {
            CertIds = [subject.ToCertId(settings.CertIdHash)],
            Nonce = policy.Nonce,
        }.Encode();
        var attempts = new List<FetchAttempt>();
        TimeSpan? retryAfter = null;
        foreach (var url in _preference.Order(urls))
        {
            // An equal share of what is left for each URL that is left, so that one that hangs does not cost the others
            // their turn.
            var share = (settings.Timeout - clock.GetElapsedTime(started)) / (urls.Count - attempts.Count);
            using var shareTimer = new CancellationTokenSource(share > TimeSpan.Zero ? share : TimeSpan.Zero, clock);
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(shareTimer.Token, deadline.Token);
            var result = await AskAsync(url, request, settings, share, attempt.Token, cancellationToken)
                .ConfigureAwait(false);
            if (result.Body is not null)
            {
                if (
                    OcspVerifier
                        .Verify(result.Body, subject, policy, clock.GetUtcNow())
                        .TryGetStaple(out var staple, out var rejection)
                )
                {
                    attempts.Add(result.Attempt with { OcspStatus = OcspResponseStatus.Successful });
                    _preference.Worked(urls, url);
                    return new OcspFetch
                    {
                        Staple = staple,
                        Attempts = attempts,
                        MaxAge = result.MaxAge,
                        Duration = clock.GetElapsedTime(started),
                    };
                }

                result = result with
                {
                    Attempt = result.Attempt with
                    {
                        OcspStatus = Status(result.Body),
                        Rejection = rejection,
                        Detail = Describe(rejection, result),
                    },
                };
            }

            retryAfter = result.RetryAfter;
            attempts.Add(result.Attempt);
            if (deadline.IsCancellationRequested)
                break;
        }

        return new OcspFetch
        {
            Attempts = attempts,
            RetryAfter = retryAfter,
            Duration = clock.GetElapsedTime(started),
        };
    }

    private async Task<HttpResult> AskAsync(
        Uri url,
        byte[] request,
        OcspClientOptions settings,
        TimeSpan share,
        CancellationToken deadline,
        CancellationToken caller
    )
    {
        var started = clock.GetTimestamp();
        HttpResult Failed(FetchFailure failure, string detail, int? status = null, TimeSpan? retryAfter = null) =>
            new(
                null,
                new FetchAttempt(url, failure, status, null, null, detail, clock.GetElapsedTime(started)),
                null,
                null,
                retryAfter
            );

        try
        {
            using var client = clients.CreateClient(HttpClientName(name));
            var get = GetUrl(url, request);
            var response = await SendAsync(client, get, url, request, deadline).ConfigureAwait(false);
            if (get is not null && await IsForPostAsync(response, deadline).ConfigureAwait(false))
            {
                response.Dispose();
                response = await SendAsync(client, null, url, request, deadline).ConfigureAwait(false);
            }

            using (response)
            {
                var status = (int)response.StatusCode;
                if (response.StatusCode != HttpStatusCode.OK)
                    return Failed(
                        status is >= 300 and < 400 ? FetchFailure.RedirectRefused : FetchFailure.HttpStatus,
                        Describe(response),
                        status,
                        RetryAfter(response, clock.GetUtcNow())
                    );
                var body = await response.Content.ReadAsByteArrayAsync(deadline).ConfigureAwait(false);
                if (body.Length > settings.MaximumResponseSize)
                    return Failed(FetchFailure.TooLarge, $"more than {settings.MaximumResponseSize} bytes", status);
                var attempt = new FetchAttempt(
                    url,
                    null,
                    status,
                    null,
                    null,
                    "verified",
                    clock.GetElapsedTime(started)
                );
                return new HttpResult(
                    body,
                    attempt,
                    MaxAge(response, clock.GetUtcNow()),
                    response.Content.Headers.ContentType?.MediaType,
                    RetryAfter(response, clock.GetUtcNow())
                );
            }
        }
        catch (Exception exception)
            when (exception is TimeoutRejectedException
                || (exception is OperationCanceledException && !caller.IsCancellationRequested)
            )
        {
            return Failed(
                FetchFailure.TimedOut,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"no answer within "
                        + $"{(deadline.IsCancellationRequested ? share : settings.AttemptTimeout).TotalSeconds:0.#} s"
                )
            );
        }
        catch (BrokenCircuitException)
        {
            return Failed(
                FetchFailure.CircuitOpen,
                "not asked for a few seconds, since it has failed many times of late",
                retryAfter: BreakDuration
            );
        }
        catch (HttpRequestException exception)
            when (exception.HttpRequestError == HttpRequestError.NameResolutionError
                || exception.InnerException
                    is SocketException
                    {
                        SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain
                    }
            )
        {
            return Failed(
                FetchFailure.NameNotResolved,
                settings.Proxy is { } proxy
                    ? $"no address for the proxy '{proxy.Host}'"
                    : $"no address for '{url.Host}'"
            );
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // The outer one often says no more than that an error occurred.
            var why = exception.GetBaseException().Message.TrimEnd('.');
            return Failed(
                FetchFailure.ConnectionFailed,
                settings.Proxy is { } proxy ? $"{why} (the proxy is {proxy})" : why
            );
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        Uri? get,
        Uri url,
        byte[] request,
        CancellationToken cancellationToken
    )
    {
        using var message = new HttpRequestMessage(get is null ? HttpMethod.Post : HttpMethod.Get, get ?? url);
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/ocsp-response"));
        if (get is null)
        {
            message.Content = new ByteArrayContent(request);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/ocsp-request");
        }

        return await client
            .SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// GET {url}/{url-encoding of base64 of the request}, or null when that is longer than 255 bytes (RFC 9919 §6).
    /// </summary>
    private static Uri? GetUrl(Uri url, byte[] request)
    {
        var text = url.AbsoluteUri;
        text = (text.EndsWith('/') ? text : text + "/") + Uri.EscapeDataString(Convert.ToBase64String(request));
        return text.Length <= 255 ? new Uri(text) : null;
    }

    // A hint, never a reason to believe (RFC 9919 §7.2): Cache-Control first, Expires where there is none (RFC 9111
    // §5.3).
    private static TimeSpan? MaxAge(HttpResponseMessage response, DateTimeOffset now) =>
        response.Headers.CacheControl switch
        {
            { NoStore: true } or { NoCache: true } => null,
            { MaxAge: { } maxAge } => NotNegative(maxAge - (response.Headers.Age ?? TimeSpan.Zero)),
            _ => NotNegative(response.Content.Headers.Expires - (response.Headers.Date ?? now)),
        };

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => NotNegative(date - now),
            _ => null,
        };

    /// <summary>
    /// Whether the same question by POST may fare better: responders that only speak POST, proxies that mangle base64
    /// in paths, and those that answer a GET with their home page. The body is in memory already.
    /// </summary>
    private static async Task<bool> IsForPostAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.OK)
            return response.StatusCode
                is HttpStatusCode.BadRequest
                    or HttpStatusCode.Forbidden
                    or HttpStatusCode.NotFound
                    or HttpStatusCode.MethodNotAllowed
                    or HttpStatusCode.RequestUriTooLong
                    or HttpStatusCode.NotImplemented;
        if (response.Content.Headers.ContentType?.MediaType == "text/html")
            return true;
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return Status(body) == OcspResponseStatus.MalformedRequest;
    }

    private static TimeSpan? NotNegative(TimeSpan? age) => age < TimeSpan.Zero ? TimeSpan.Zero : age;

    private static OcspResponseStatus? Status(byte[] body) =>
        OcspResponse.TryDecode(body, out var response, out _) ? response.Status : null;

    private static string Describe(HttpResponseMessage response) =>
        response.Headers.Location is { } location
            ? $"HTTP {(int)response.StatusCode} to {location}, which is not followed"
            : $"HTTP {(int)response.StatusCode}";

    private static string Describe(Rejection rejection, HttpResult result) =>
        result.MediaType is null or "application/ocsp-response"
            ? rejection.ToString()
            : $"{rejection.Reason.ToSnakeCase()}: {result.MediaType} instead of application/ocsp-response";

    private sealed record HttpResult(
        byte[]? Body,
        FetchAttempt Attempt,
        TimeSpan? MaxAge,
        string? MediaType,
        TimeSpan? RetryAfter
    );

    /// <summary>
    /// How long a responder that has failed too often is left alone. The exception tells what is left of it only in
    /// versions of Polly that an application need not have.
    /// </summary>
    public static TimeSpan BreakDuration { get; } = TimeSpan.FromSeconds(5);

    // RFC 9654 §2.1: a client that sends one uses 32 octets.
    private const int NonceLength = 32;
}
