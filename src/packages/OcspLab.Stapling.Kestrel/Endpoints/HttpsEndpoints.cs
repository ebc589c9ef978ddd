using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Kestrel.Endpoints;

/// <summary>
/// The HTTPS endpoints and their callbacks: stapling is put behind those of the application, none of which is lost.
/// </summary>
internal sealed class HttpsEndpoints(OcspStapler stapler, HandOffStatus handOff)
{
    // Weak: an endpoint that a reload of the configuration has replaced goes, and its certificate with it.
    private readonly ConditionalWeakTable<HttpsConnectionAdapterOptions, Hook> _hooks = [];
    private readonly ConditionalWeakTable<TlsHandshakeCallbackOptions, object> _callbacks = [];
    private readonly Lock _gate = new();

    /// <summary>How many endpoints there are, of whichever kind.</summary>
    public int Count => All().Length + _callbacks.Count();

    /// <summary>
    /// Attaches to an endpoint. The application's own <c>OnAuthenticate</c> runs first. Doing it again mends a callback
    /// that has since been replaced.
    /// </summary>
    public void Attach(HttpsConnectionAdapterOptions endpoint)
    {
        lock (_gate)
        {
            // Known all the same where the runtime's own stapling stays in force: health tells of their certificates.
            if (!handOff.IsWorking)
            {
                _hooks.TryAdd(endpoint, new Hook(null, null));
                return;
            }

            if (_hooks.TryGetValue(endpoint, out var hook) && ReferenceEquals(hook.Callback, endpoint.OnAuthenticate))
            {
                Listen(endpoint, hook);
                return;
            }

            var inner = endpoint.OnAuthenticate;
            endpoint.OnAuthenticate = (connection, handshake) =>
            {
                if (connection is PrefetchConnection)
                {
                    stapler.Prefetch(handshake);
                    return;
                }

                inner?.Invoke(connection, handshake);
                stapler.Apply(handshake, ServerNameOf(connection), endpoint.ServerCertificateChain);
            };
            hook = new Hook(endpoint.OnAuthenticate, inner);
            _hooks.AddOrUpdate(endpoint, hook);
            Listen(endpoint, hook);
        }
    }

    /// <summary>Attaches to an endpoint that asks the application at each handshake.</summary>
    public void Attach(TlsHandshakeCallbackOptions endpoint)
    {
        if (!handOff.IsWorking || !_callbacks.TryAdd(endpoint, this))
            return;
        var inner = endpoint.OnConnection;
        endpoint.OnConnection = async context =>
        {
            // A copy: an application may keep its options and give them to every handshake.
            var handshake = Copy(await inner(context).ConfigureAwait(false));
            if (context.Connection is PrefetchConnection)
                stapler.Prefetch(handshake);
            else
                await stapler
                    .ApplyAsync(handshake, context.ClientHelloInfo.ServerName, context.CancellationToken)
                    .ConfigureAwait(false);
            return handshake;
        };
    }

    /// <summary>
    /// Lets go of an endpoint until <see cref="AttachAll"/>: Kestrel refuses to open an HTTP/3 port while there is a
    /// callback, although it only ever calls it for the TCP port beside it.
    /// </summary>
    public void Suspend(HttpsConnectionAdapterOptions endpoint)
    {
        lock (_gate)
        {
            if (
                _hooks.TryGetValue(endpoint, out var hook)
                && hook.Callback is not null
                && ReferenceEquals(hook.Callback, endpoint.OnAuthenticate)
            )
                endpoint.OnAuthenticate = hook.Inner;
        }
    }

    /// <summary>Attaches to every endpoint met so far.</summary>
    public void AttachAll()
    {
        foreach (var endpoint in All())
            Attach(endpoint);
    }

    /// <summary>Starts fetching for every certificate that is known before the first handshake.</summary>
    public void PrefetchCertificates()
    {
        foreach (var endpoint in All())
        {
            if (endpoint is { ServerCertificate: { } certificate, ServerCertificateSelector: null })
                stapler.Prefetch(certificate, endpoint.ServerCertificateChain);
        }
    }

    private HttpsConnectionAdapterOptions[] All()
    {
        lock (_gate)
            return [.. _hooks.Select(entry => entry.Key)];
    }

    [SuppressMessage("Security", "CA5398", Justification = "The application's own choices are handed on.")]
    private static SslServerAuthenticationOptions Copy(SslServerAuthenticationOptions options) =>
        new()
        {
            AllowRenegotiation = options.AllowRenegotiation,
#pragma warning disable CA1416 // Nothing is attached where the platform takes no staples.
            AllowRsaPkcs1Padding = options.AllowRsaPkcs1Padding,
            AllowRsaPssPadding = options.AllowRsaPssPadding,
#pragma warning restore CA1416
            AllowTlsResume = options.AllowTlsResume,
            ApplicationProtocols = options.ApplicationProtocols is { } protocols ? [.. protocols] : null,
            CertificateChainPolicy = options.CertificateChainPolicy,
            CertificateRevocationCheckMode = options.CertificateRevocationCheckMode,
            CipherSuitesPolicy = options.CipherSuitesPolicy,
            ClientCertificateRequired = options.ClientCertificateRequired,
            EnabledSslProtocols = options.EnabledSslProtocols,
            EncryptionPolicy = options.EncryptionPolicy,
            RemoteCertificateValidationCallback = options.RemoteCertificateValidationCallback,
            ServerCertificate = options.ServerCertificate,
            ServerCertificateContext = options.ServerCertificateContext,
            ServerCertificateSelectionCallback = options.ServerCertificateSelectionCallback,
        };

    // A selector is asked with the client's server name, which is known before the handshake only by looking at its
    // first bytes.
    private static void Listen(HttpsConnectionAdapterOptions endpoint, Hook hook)
    {
        if (endpoint.ServerCertificateSelector is null || hook.Listens)
            return;
        hook.Listens = true;
        var inner = endpoint.TlsClientHelloBytesCallback;
        endpoint.TlsClientHelloBytesCallback = (connection, bytes) =>
        {
            inner?.Invoke(connection, bytes);
            connection.Items[ServerNameKey] = ClientHello.ReadServerName(bytes);
        };
    }

    private static string? ServerNameOf(ConnectionContext connection) =>
        connection.Items.TryGetValue(ServerNameKey, out var name) ? (string?)name : null;

    private static readonly object ServerNameKey = new();

    /// <param name="callback">What was put in place.</param>
    /// <param name="inner">What was there before.</param>
    private sealed class Hook(
        Action<ConnectionContext, SslServerAuthenticationOptions>? callback,
        Action<ConnectionContext, SslServerAuthenticationOptions>? inner
    )
    {
        public Action<ConnectionContext, SslServerAuthenticationOptions>? Callback => callback;

        public Action<ConnectionContext, SslServerAuthenticationOptions>? Inner => inner;

        public bool Listens { get; set; }
    }
}
