using System.Net;
using Microsoft.Extensions.Options;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// The connections to responders, by the name servers and the proxy that the settings name now: when these change, the
/// next request makes new ones. Thread-safe.
/// </summary>
internal sealed class CurrentTransport(
    string name,
    IOptionsMonitor<OcspClientOptions> options,
    DnsConnectors connectors
) : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private (Way Way, HttpMessageInvoker Invoker)? _current;

    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    ) => Current().SendAsync(request, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _current?.Invoker.Dispose();
        base.Dispose(disposing);
    }

    private HttpMessageInvoker Current()
    {
        var settings = options.Get(name);
        var way = new Way(
            string.Join(' ', settings.Resolvers),
            settings.ResolverTimeout,
            settings.ResolverValid,
            settings.Proxy,
            settings.ProxyUse
        );
        lock (_gate)
        {
            // The ones before are left to the requests that are under way on them; idle connections end by themselves.
            if (_current is not { } current || current.Way != way)
                _current = current = (way, new HttpMessageInvoker(Create(settings)));
            return current.Invoker;
        }
    }

    private SocketsHttpHandler Create(OcspClientOptions settings)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (settings.Resolvers.Count > 0)
            handler.ConnectCallback = connectors.For(settings).ConnectAsync;
        if (settings.Proxy is { } proxy)
            handler.Proxy = new WebProxy(proxy);
        else
            handler.UseProxy = settings.ProxyUse == ProxyUse.System && settings.Resolvers.Count == 0;
        return handler;
    }

    private sealed record Way(
        string Resolvers,
        TimeSpan ResolverTimeout,
        TimeSpan? ResolverValid,
        Uri? Proxy,
        ProxyUse ProxyUse
    );
}
