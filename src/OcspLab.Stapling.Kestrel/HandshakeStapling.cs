using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace OcspLab.Stapling.Kestrel;

/// <summary>Joins endpoints to the engine: knows every HTTPS endpoint's options, and swaps the certificate context at each handshake.</summary>
internal sealed class HandshakeStapling(StaplingEngine engine, StaplingMetrics metrics, TimeProvider clock)
{
    private readonly ConditionalWeakTable<SslStreamCertificateContext, StapledContexts> _adopted = [];

    // Weak: an endpoint that a reload of the configuration has replaced goes, and its certificate with it.
    private readonly ConditionalWeakTable<HttpsConnectionAdapterOptions, Hook> _hooks = [];
    private readonly Lock _gate = new();

    public StaplingMode Mode { get; private set; } = SslContextFields.Probe();

    /// <summary>How many HTTPS endpoints have a certificate that stapling can work with.</summary>
    public int EndpointCount => Endpoints().Count(endpoint => endpoint.ServerCertificateSelector is null);

    /// <summary>Kestrel has changed inside, and attaching would lose what the application has set.</summary>
    public void GiveUp() => Mode = StaplingMode.RuntimeOwn;

    /// <summary>Attaches to an endpoint. The application's own <c>OnAuthenticate</c> runs first. Doing it again mends a callback that has since been replaced.</summary>
    public void Attach(HttpsConnectionAdapterOptions options)
    {
        if (Mode != StaplingMode.Verified)
            return;
        lock (_gate)
        {
            if (_hooks.TryGetValue(options, out var hook) && ReferenceEquals(hook.Callback, options.OnAuthenticate))
                return;
            var inner = options.OnAuthenticate;
            options.OnAuthenticate = (connection, handshake) =>
            {
                inner?.Invoke(connection, handshake);
                Staple(handshake);
            };
            _hooks.AddOrUpdate(options, new Hook(options.OnAuthenticate, inner));
        }
    }

    /// <summary>
    /// Lets go of an endpoint until <see cref="AttachAll"/>: Kestrel refuses to open an HTTP/3 port while there is a callback,
    /// although it only ever calls it for the TCP port beside it.
    /// </summary>
    public void Suspend(HttpsConnectionAdapterOptions options)
    {
        lock (_gate)
        {
            if (_hooks.TryGetValue(options, out var hook) && ReferenceEquals(hook.Callback, options.OnAuthenticate))
                options.OnAuthenticate = hook.Inner;
        }
    }

    /// <summary>Attaches to every endpoint met so far.</summary>
    public void AttachAll()
    {
        foreach (var endpoint in Endpoints())
            Attach(endpoint);
    }

    /// <summary>Starts fetching for every certificate known before the first handshake, and waits for the staples.</summary>
    /// <param name="atMost">A wait shorter than the one at start, or null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task PrefetchAsync(TimeSpan? atMost, CancellationToken cancellationToken)
    {
        foreach (var endpoint in Endpoints())
        {
            if (endpoint is { ServerCertificate: { } certificate, ServerCertificateSelector: null })
                engine.Add(certificate, endpoint.ServerCertificateChain ?? (IEnumerable<X509Certificate2>)[]);
        }

        return engine.WaitForFirstStaplesAsync(cancellationToken, atMost);
    }

    /// <summary>The context that a handshake gets in place of <paramref name="original"/> now.</summary>
    public SslStreamCertificateContext Handed(SslStreamCertificateContext original) => Contexts(original).Select(clock.GetUtcNow(), out _);

    private HttpsConnectionAdapterOptions[] Endpoints()
    {
        lock (_gate)
            return [.. _hooks.Select(entry => entry.Key)];
    }

    private void Staple(SslServerAuthenticationOptions handshake)
    {
        // Nothing to swap, or done already: an application may call us from a callback of its own.
        if (handshake.ServerCertificateContext is not { } original || StapledContexts.IsOwn(original))
            return;
        handshake.ServerCertificateContext = Contexts(original).Select(clock.GetUtcNow(), out var staple);
        metrics.Handshake(staple);
    }

    private StapledContexts Contexts(SslStreamCertificateContext original) =>
        _adopted.TryGetValue(original, out var contexts) ? contexts : _adopted.GetValue(original, Adopt);

    // Also for a certificate that cannot be stapled: the original would staple what the runtime fetched and nobody verified.
    private StapledContexts Adopt(SslStreamCertificateContext original) =>
        new(original, engine.Add(original.TargetCertificate, original.IntermediateCertificates));

    /// <param name="Callback">What was put in place.</param>
    /// <param name="Inner">What was there before.</param>
    private sealed record Hook(Action<ConnectionContext, SslServerAuthenticationOptions> Callback, Action<ConnectionContext, SslServerAuthenticationOptions>? Inner);
}
