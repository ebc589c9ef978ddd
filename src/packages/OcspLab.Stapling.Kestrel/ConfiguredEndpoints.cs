using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// The application's actions for endpoints of the configuration, <c>kestrel.Configure(…).Endpoint(name, …)</c>. They run after the defaults, so what
/// they set (a selector, a callback) is seen only by one who runs after them.
/// </summary>
internal static class ConfiguredEndpoints
{
    public static void After(KestrelConfigurationLoader loader, Action<HttpsConnectionAdapterOptions> attach)
    {
        IDictionary<string, Action<EndpointConfiguration>> actions;
        try
        {
            actions = EndpointConfigurations(loader);
        }
        catch (MissingMethodException)
        {
            // Kestrel has changed inside: what such an action sets is then not followed, everything else is.
            return;
        }

        foreach (var (name, action) in actions.ToArray())
        {
            actions[name] = endpoint =>
            {
                action(endpoint);
                if (endpoint.IsHttps)
                    attach(endpoint.HttpsOptions);
            };
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EndpointConfigurations")]
    private static extern IDictionary<string, Action<EndpointConfiguration>> EndpointConfigurations(KestrelConfigurationLoader loader);
}
