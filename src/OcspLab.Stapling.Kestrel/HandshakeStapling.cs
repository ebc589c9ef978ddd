using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace OcspLab.Stapling.Kestrel;

/// <summary>Joins endpoints to the engine: knows every HTTPS endpoint's options, and swaps the certificate context at each handshake.</summary>
internal sealed class HandshakeStapling(StaplingEngine engine, StaplingMetrics metrics, TimeProvider clock)
{
    private readonly ConditionalWeakTable<SslStreamCertificateContext, Adoption> _adopted = [];
    private readonly Dictionary<HttpsConnectionAdapterOptions, Hook> _hooks = new(ReferenceEqualityComparer.Instance);
    private readonly Lock _gate = new();

    public StaplingMode Mode { get; } = SslContextFields.Probe();

    /// <summary>How many HTTPS endpoints stapling is attached to.</summary>
    public int EndpointCount
    {
        get
        {
            lock (_gate)
                return _hooks.Count;
        }
    }

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
            _hooks[options] = new Hook(options.OnAuthenticate, inner);
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
    public Task PrefetchAsync(CancellationToken cancellationToken)
    {
        foreach (var endpoint in Endpoints())
        {
            if (endpoint is { ServerCertificate: { } certificate, ServerCertificateSelector: null })
                engine.Add(certificate, endpoint.ServerCertificateChain ?? (IEnumerable<X509Certificate2>)[]);
        }

        return engine.WaitForFirstStaplesAsync(cancellationToken);
    }

    private HttpsConnectionAdapterOptions[] Endpoints()
    {
        lock (_gate)
            return [.. _hooks.Keys];
    }

    private void Staple(SslServerAuthenticationOptions handshake)
    {
        if (handshake.ServerCertificateContext is not { } original)
            return;
        if (!_adopted.TryGetValue(original, out var adoption))
            adoption = _adopted.GetValue(original, Adopt);
        if (adoption.Contexts is not { } contexts)
            return;
        handshake.ServerCertificateContext = contexts.Select(clock.GetUtcNow(), out var staple);
        metrics.Handshake(staple);
    }

    private Adoption Adopt(SslStreamCertificateContext original)
    {
        var slot = engine.Add(original.TargetCertificate, original.IntermediateCertificates);
        return new Adoption(slot.Subject is null ? null : new StapledContexts(original, slot));
    }

    /// <param name="Callback">What was put in place.</param>
    /// <param name="Inner">What was there before.</param>
    private sealed record Hook(Action<ConnectionContext, SslServerAuthenticationOptions> Callback, Action<ConnectionContext, SslServerAuthenticationOptions>? Inner);

    /// <param name="Contexts">Null for a certificate that cannot be stapled.</param>
    private sealed record Adoption(StapledContexts? Contexts);
}
