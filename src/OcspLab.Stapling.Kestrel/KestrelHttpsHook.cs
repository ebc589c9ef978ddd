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
        }
        catch (MissingMethodException)
        {
            options.ConfigureHttpsDefaults(stapling.Attach);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsDefaults")]
    private static extern Action<HttpsConnectionAdapterOptions> HttpsDefaults(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    private static extern List<ListenOptions> CodeBackedListenOptions(KestrelServerOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsOptions")]
    private static extern HttpsConnectionAdapterOptions? HttpsOptions(ListenOptions options);
}
