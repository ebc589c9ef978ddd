using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// The way without private fields. The runtime fetches staples by itself, with a plain GET through <see cref="HttpClient.DefaultProxy"/>.
/// This stands before that proxy, recognises the runtime's question about a certificate of this server, and answers it on a loopback
/// port with what the engine has verified. Everything else goes where it went before.
/// </summary>
internal sealed partial class RuntimeQuestions(StaplingEngine engine, TimeProvider clock, ILogger<RuntimeQuestions> logger) : IWebProxy, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, int> _asked = new();
    private WebApplication? _answering;
    private Uri? _address;

    /// <summary>The proxy of everybody else.</summary>
    public IWebProxy Before { get; private set; } = HttpClient.DefaultProxy;

    public ICredentials? Credentials
    {
        get => Before.Credentials;
        set => Before.Credentials = value;
    }

    /// <summary>Opens the port and takes the place of the default proxy. To be called before the first certificate context is made.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _answering = builder.Build();
        _answering.Run(AnswerAsync);
        await _answering.StartAsync(cancellationToken).ConfigureAwait(false);
        _address = new Uri(_answering.Urls.First());
        Before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = this;
    }

    /// <summary>Whether it stands before that proxy now.</summary>
    public bool IsInPlace => ReferenceEquals(HttpClient.DefaultProxy, this);

    /// <summary>How often the runtime has asked about a certificate.</summary>
    public int CountOf(StapleSlot slot) => _asked.GetValueOrDefault(slot.Key);

    /// <summary>The runtime has not come for a staple, so that its handshakes go without.</summary>
    public void ReportSilence(StapleSlot slot) => Silent(logger, slot.Name);

    public Uri? GetProxy(Uri destination) => Recognise(destination) is null ? Before.GetProxy(destination) : _address;

    public bool IsBypassed(Uri host) => Recognise(host) is null && Before.IsBypassed(host);

    public async ValueTask DisposeAsync()
    {
        if (_answering is null)
            return;
        if (IsInPlace)
            HttpClient.DefaultProxy = Before;
        await _answering.DisposeAsync().ConfigureAwait(false);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!HttpMethods.IsGet(http.Request.Method) || !Uri.TryCreate(target, UriKind.Absolute, out var url) || Recognise(url) is not { } slot)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (slot.Current is { } staple && staple.ExpiresAt > clock.GetUtcNow())
        {
            http.Response.ContentType = "application/ocsp-response";
            http.Response.ContentLength = staple.Encoded.Length;
            await http.Response.Body.WriteAsync(staple.Encoded, http.RequestAborted).ConfigureAwait(false);
        }
        else
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        }

        await http.Response.CompleteAsync().ConfigureAwait(false);
        _asked.AddOrUpdate(slot.Key, 1, (_, count) => count + 1);
    }

    /// <summary>The certificate that is asked about, where it is one of this server's and the question is an OCSP request by GET (RFC 6960 A.1).</summary>
    private StapleSlot? Recognise(Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttp)
            return null;
        var text = url.AbsoluteUri;
        var encoded = Uri.UnescapeDataString(text[(text.LastIndexOf('/') + 1)..]);
        var bytes = new byte[LongestQuestion];
        if (encoded.Length is < ShortestQuestion or > LongestQuestion || !Convert.TryFromBase64String(encoded, bytes, out var length))
            return null;
        return OcspRequest.TryDecode(bytes.AsMemory(0, length), out var request, out _) && request is { CertIds: [var id], Nonce: null } ? engine.Find(id) : null;
    }

    [LoggerMessage(1026, LogLevel.Error, "OCSP stapling: the runtime has not asked for the staple of '{Certificate}', which is not stapled. It asks where the chain reaches a root (add its file to OcspStapling:Issuers) and where nothing in this process has used its own fetching before", EventName = "RuntimeSilent")]
    private static partial void Silent(ILogger logger, string certificate);

    // In characters of base64: a CertID alone is longer than the one, and one with SHA-512 shorter than the other.
    private const int ShortestQuestion = 64;
    private const int LongestQuestion = 512;
}
