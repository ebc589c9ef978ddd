using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using OcspLab.Stapling.Kestrel.Interop;

namespace OcspLab.Stapling.Kestrel.Endpoints;

/// <summary>
/// Asks an endpoint of <c>Kestrel:Endpoints:*:Sni</c> for the options of every name that the configuration lists, as a
/// handshake would. Kestrel keeps those certificates to itself until then, and the first client of each should find its
/// staple.
/// </summary>
internal static class SniPrefetch
{
    public static async Task RunAsync(KestrelServerOptions options, IEnumerable<ListenOptions> endpoints)
    {
        if (options.ConfigurationLoader?.Configuration is not { } configuration)
            return;
        var names = NamesOf(configuration);
        foreach (
            var callback in endpoints
                .Select(KestrelInternals.HttpsCallbackOptions)
                .OfType<TlsHandshakeCallbackOptions>()
        )
        {
            foreach (var name in names)
                await AskAsync(callback, ExampleOf(name)).ConfigureAwait(false);
        }
    }

    private static string[] NamesOf(IConfiguration configuration) =>
        [
            .. configuration
                .GetSection("Endpoints")
                .GetChildren()
                .SelectMany(endpoint => endpoint.GetSection("Sni").GetChildren())
                // Without one Kestrel would ask the application.
                .Where(name => name.GetSection("Certificate").GetChildren().Any())
                .Select(name => name.Key)
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];

    // A name that a wildcard means.
    private static string ExampleOf(string name) =>
        name.Replace("*.", "prefetch.", StringComparison.Ordinal).Replace("*", "", StringComparison.Ordinal);

    private static async Task AskAsync(TlsHandshakeCallbackOptions callback, string serverName)
    {
        using var stream = new SslStream(new MemoryStream());
        var context = KestrelInternals.CreateCallbackContext(
            new PrefetchConnection(),
            new SslClientHelloInfo(serverName, SslProtocols.None),
            stream,
            callback.OnConnectionState
        );
        try
        {
            await callback.OnConnection(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A name of another endpoint, or a callback that wants a real client: its certificate is met at its first
            // handshake.
        }
    }
}

/// <summary>
/// Stands for a client that does not exist, when the endpoints' certificates are fetched for before there is one. No
/// application sees it.
/// </summary>
internal sealed class PrefetchConnection : DefaultConnectionContext;
