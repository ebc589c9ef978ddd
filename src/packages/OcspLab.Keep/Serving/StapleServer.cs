using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Keep.Health;
using OcspLab.Keep.Settings;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Keep.Serving;

/// <summary>
/// OCSP over HTTP (RFC 6960 appendix A) about the kept certificates, for servers that ask for themselves, with
/// <c>/health</c> and <c>/metrics</c>.
/// </summary>
internal sealed class StapleServer(
    IOptions<KeepOptions> options,
    StapleAnswers answers,
    KeepHealth health,
    TimeProvider clock,
    ILoggerFactory loggers
) : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Serve is not { } serve || !ServeAddress.TryParse(serve, out var endpoint))
            return;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxConcurrentConnections = MostConnections;
                kestrel.Limits.MaxRequestBodySize = MostOctets;
                kestrel.Limits.KeepAliveTimeout = IdleTimeout;
                kestrel.Limits.RequestHeadersTimeout = ReadTimeout;
                kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, ReadTimeout);
                kestrel.Listen(endpoint, listen => listen.Protocols = HttpProtocols.Http1);
            });
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Task HandleAsync(HttpContext http) =>
        (http.Request.Method, http.Request.Path.Value) switch
        {
            ("GET", "/health") => health.WriteAsync(http),
            ("GET", "/metrics") => KeepMetrics.WriteAsync(http),
            ("GET", "/") => http.Response.WriteAsync("OCSP about the certificates that are kept here (RFC 6960).\n"),
            ("GET", _) => SendAsync(http, answers.Answer(ReadTarget(http))),
            ("POST", _) => PostAsync(http),
            _ => RefuseAsync(http),
        };

    private static byte[] ReadTarget(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var buffer = new byte[target.Length];
        return buffer[..RequestTarget.Read(target, buffer)];
    }

    private async Task PostAsync(HttpContext http)
    {
        try
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted).ConfigureAwait(false);
            await SendAsync(http, answers.Answer(body.ToArray())).ConfigureAwait(false);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException exception)
        {
            // Too long, too slow or broken: nothing to log.
            http.Response.StatusCode = exception.StatusCode;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            http.Abort();
        }
    }

    private Task SendAsync(HttpContext http, StapleAnswer answer)
    {
        http.Response.ContentType = "application/ocsp-response";
        http.Response.ContentLength = answer.Body.Length;
        var headers = http.Response.Headers;
        if (answer.Staple is { } staple)
        {
            // A cache may keep it as long as half of what is left: then there is a newer one.
            var age = (long)((staple.ExpiresAt - clock.GetUtcNow()) / 2).TotalSeconds;
            headers.CacheControl = string.Create(
                CultureInfo.InvariantCulture,
                $"max-age={age}, public, no-transform, must-revalidate"
            );
            headers.LastModified = staple.ThisUpdate.ToString("R", CultureInfo.InvariantCulture);
            headers.Expires = staple.ExpiresAt.ToString("R", CultureInfo.InvariantCulture);
            headers.ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(answer.Body.Span))}\"";
        }
        else
        {
            headers.CacheControl = "no-store";
        }

        return http.Response.Body.WriteAsync(answer.Body, http.RequestAborted).AsTask();
    }

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.Headers.Allow = "GET, POST";
        http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        return Task.CompletedTask;
    }

    private const int MostConnections = 1000;
    private const int MostOctets = 8192;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);
}
