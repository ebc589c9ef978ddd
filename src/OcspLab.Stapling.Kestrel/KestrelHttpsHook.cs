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
internal sealed class KestrelHttpsHook(HandshakeStapling stapling) : IPostConfigureOptions<KestrelServerOptions>
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
                stapling.Attach(https);
            });
            foreach (var endpoint in CodeBackedListenOptions(options))
            {
                if (HttpsOptions(endpoint) is { } https)
                    stapling.Attach(https);
            }

            _options = options;
            SuspendHttp3();
        }
        catch (MissingMethodException)
        {
            options.ConfigureHttpsDefaults(stapling.Attach);
        }
    }

    /// <summary>Just before ports open: mends what the application has replaced since, and clears the way for HTTP/3.</summary>
    public void BeforeBinding()
    {
        stapling.AttachAll();
        SuspendHttp3();
    }

    /// <summary>Once every port is open. On an endpoint with HTTP/3 a handshake over TCP before this is not stapled.</summary>
    public void AfterBinding() => stapling.AttachAll();

    private void SuspendHttp3()
    {
        if (!HasQuic || _options is null)
            return;
        foreach (var endpoint in CodeBackedListenOptions(_options).Concat(ConfigurationBackedListenOptions(_options)))
        {
            if (endpoint.Protocols.HasFlag(HttpProtocols.Http3) && HttpsOptions(endpoint) is { } https)
                stapling.Suspend(https);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsDefaults")]
    private static extern Action<HttpsConnectionAdapterOptions> HttpsDefaults(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    private static extern List<ListenOptions> CodeBackedListenOptions(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ConfigurationBackedListenOptions")]
    private static extern List<ListenOptions> ConfigurationBackedListenOptions(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsOptions")]
    private static extern HttpsConnectionAdapterOptions? HttpsOptions(ListenOptions options);
}
