using System.Net;
using System.Net.Quic;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// Meets every HTTPS endpoint. <see cref="KestrelServerOptions.ConfigureHttpsDefaults"/> replaces what the application set before
/// and is passed over by endpoints that the application made before: so this runs after all configuration, wraps the defaults
/// that are there, and attaches to the endpoints that exist already.
/// </summary>
internal sealed class KestrelHttpsHook(HandshakeStapling stapling, HttpsEndpoints endpoints) : IPostConfigureOptions<KestrelServerOptions>
{
    private KestrelServerOptions? _options;

    /// <summary>Whether HTTP/3 ports are opened on this machine at all; a test may say so where they are not.</summary>
    public bool HasQuic { get; set; } = QuicListener.IsSupported;

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        try
        {
            var before = HttpsDefaults(options);
            options.ConfigureHttpsDefaults(https =>
            {
                before(https);
                endpoints.Attach(https);
            });
            // Those of the configuration exist by now where the application has made one in code as well.
            foreach (var endpoint in CodeBackedListenOptions(options).Concat(ConfigurationBackedListenOptions(options)))
            {
                if (HttpsOptions(endpoint) is { } https)
                    endpoints.Attach(https);
                if (SniRehearsal.HttpsCallbackOptions(endpoint) is { } callback)
                    endpoints.Attach(callback);
            }

            if (options.ConfigurationLoader is { } loader)
                ConfiguredEndpoints.After(loader, endpoints.Attach);
            _options = options;
            foreach (var https in Http3Endpoints(null))
                endpoints.Suspend(https);
        }
        catch (MissingMethodException)
        {
            stapling.GiveUp();
        }
    }

    /// <summary>Just before a TCP port opens: mends what the application has replaced since, and clears the way for HTTP/3 on the same endpoint.</summary>
    public void BeforeBinding(EndPoint endpoint)
    {
        foreach (var https in Http3Endpoints(endpoint))
            endpoints.Suspend(https);
    }

    /// <summary>Starts fetching for every certificate that is known before the first handshake, and waits for the staples.</summary>
    /// <param name="atMost">A wait shorter than the one at start, or null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task PrefetchAsync(TimeSpan? atMost, CancellationToken cancellationToken)
    {
        endpoints.MeetCertificates();
        if (_options is not null && stapling.IsHandingOver)
        {
            try
            {
                await SniRehearsal.RunAsync(_options, ConfigurationBackedListenOptions(_options)).ConfigureAwait(false);
            }
            catch (MissingMethodException)
            {
                // Kestrel has changed inside: these certificates are then met at their first handshake, and stapled from the second on.
            }
        }

        await stapling.WaitAsync(atMost, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Just before an HTTP/3 port opens: Kestrel has looked for a callback by now. A handshake over TCP between the two moments is not stapled.</summary>
    public void AfterBinding(EndPoint endpoint)
    {
        foreach (var https in Http3Endpoints(endpoint))
            endpoints.Attach(https);
    }

    /// <summary>Once every port is open.</summary>
    public void AfterStart() => endpoints.AttachAll();

    /// <summary>The endpoints with HTTP/3, all or those of one port.</summary>
    private IEnumerable<HttpsConnectionAdapterOptions> Http3Endpoints(EndPoint? port)
    {
        if (!HasQuic || _options is null)
            return [];
        return CodeBackedListenOptions(_options).Concat(ConfigurationBackedListenOptions(_options))
            .Where(listen => listen.Protocols.HasFlag(HttpProtocols.Http3) && (port is null || IsSamePort(listen.EndPoint, port)))
            .Select(HttpsOptions)
            .OfType<HttpsConnectionAdapterOptions>();
    }

    // "localhost" is bound as two addresses, neither of them the endpoint's own.
    private static bool IsSamePort(EndPoint left, EndPoint right) =>
        left.Equals(right) || (left is IPEndPoint own && right is IPEndPoint other && own.Port == other.Port);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsDefaults")]
    private static extern Action<HttpsConnectionAdapterOptions> HttpsDefaults(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    private static extern List<ListenOptions> CodeBackedListenOptions(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ConfigurationBackedListenOptions")]
    private static extern List<ListenOptions> ConfigurationBackedListenOptions(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsOptions")]
    private static extern HttpsConnectionAdapterOptions? HttpsOptions(ListenOptions options);
}
