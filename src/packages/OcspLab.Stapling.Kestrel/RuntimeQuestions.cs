using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Refreshing;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// The way without private fields. The runtime fetches staples by itself, with a plain GET that <see cref="RuntimeProxy"/> sends here when
/// it is about a certificate of this server; it is answered, on a loopback port, with what the engine has verified, or with 404.
/// </summary>
internal sealed partial class RuntimeQuestions(StaplingEngine engine, TimeProvider clock, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, VerifiedStaple> _given = new();
    private readonly ILogger _logger = loggers.CreateLogger("OcspLab.Stapling");
    private WebApplication? _answering;

    /// <summary>Where questions are answered.</summary>
    public Uri? Address { get; private set; }

    /// <summary>Opens the port and begins to receive questions. To be called before the first certificate context is made.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _answering = builder.Build();
        _answering.Run(AnswerAsync);
        await _answering.StartAsync(cancellationToken).ConfigureAwait(false);
        Address = new Uri(_answering.Urls.First());
        RuntimeProxy.Add(this);
    }

    /// <summary>The staple that the runtime was last given for a certificate, or null.</summary>
    public VerifiedStaple? GivenTo(StapleSlot slot) => _given.GetValueOrDefault(slot.Key);

    /// <summary>The runtime has not come for a staple: its handshakes go without, or with what it has fetched elsewhere.</summary>
    public void ReportSilence(StapleSlot slot)
    {
        if (slot.Status.Obstacle is null)
            Silent(_logger, slot.Name);
        slot.Obstruct("the runtime does not come for the staple: does its chain reach a root that is at hand?");
    }

    /// <summary>The certificate that is asked about, where it is one of this server's and the question is an OCSP request by GET (RFC 6960 A.1).</summary>
    public StapleSlot? Recognise(Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttp)
            return null;
        var text = url.AbsoluteUri;
        var start = text.LastIndexOf('/') + 1;
        if (text.Length - start is < ShortestQuestion or > 3 * LongestQuestion)
            return null;
        var encoded = Uri.UnescapeDataString(text[start..]);
        Span<byte> bytes = stackalloc byte[LongestQuestion];
        if (encoded.Length > LongestQuestion || !Convert.TryFromBase64String(encoded, bytes, out var length))
            return null;
        return OcspRequest.TryDecode(bytes[..length].ToArray(), out var request, out _) && request is { CertIds: [var id], Nonce: null } ? engine.Find(id) : null;
    }

    public async ValueTask DisposeAsync()
    {
        RuntimeProxy.Remove(this);
        if (_answering is not null)
            await _answering.DisposeAsync().ConfigureAwait(false);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!HttpMethods.IsGet(http.Request.Method) || !Uri.TryCreate(target, UriKind.Absolute, out var url)
            || Recognise(url) is not { Current: { } staple } slot || staple.ExpiresAt <= clock.GetUtcNow())
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        http.Response.ContentType = "application/ocsp-response";
        http.Response.ContentLength = staple.Encoded.Length;
        await http.Response.Body.WriteAsync(staple.Encoded, http.RequestAborted).ConfigureAwait(false);
        await http.Response.CompleteAsync().ConfigureAwait(false);
        _given[slot.Key] = staple;
    }

    [LoggerMessage(1026, LogLevel.Error, "OCSP stapling: the runtime does not come for the staple of '{Certificate}', and whatever it staples by itself is not verified. It comes where the chain reaches a root that is at hand (add its file to OcspStapling:Issuers), and where nothing in this process has fetched staples before", EventName = "RuntimeSilent")]
    private static partial void Silent(ILogger logger, string certificate);

    // In characters of base64: a CertID alone is longer than the one, and one with SHA-512 shorter than the other.
    private const int ShortestQuestion = 64;
    private const int LongestQuestion = 512;

    // The outer host's lifetime is the process's.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
