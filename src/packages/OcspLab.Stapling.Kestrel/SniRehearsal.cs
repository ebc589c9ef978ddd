using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// Asks an endpoint of <c>Kestrel:Endpoints:*:Sni</c> for the options of every name that the configuration lists, as a handshake would.
/// Kestrel keeps those certificates to itself until then, and the first client of each should find its staple.
/// </summary>
internal static class SniRehearsal
{
    public static async Task RunAsync(KestrelServerOptions options, IEnumerable<ListenOptions> endpoints)
    {
        if (options.ConfigurationLoader?.Configuration is not { } configuration)
            return;
        var names = configuration.GetSection("Endpoints").GetChildren()
            .SelectMany(endpoint => endpoint.GetSection("Sni").GetChildren())
            .Where(name => name.GetSection("Certificate").GetChildren().Any()) // without one Kestrel would ask the application
            .Select(name => name.Key)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToArray();
        foreach (var callback in endpoints.Select(HttpsCallbackOptions).OfType<TlsHandshakeCallbackOptions>())
        {
            foreach (var name in names)
                await RehearseAsync(callback, name.Replace("*.", "rehearsal.", StringComparison.Ordinal).Replace("*", "", StringComparison.Ordinal)).ConfigureAwait(false);
        }
    }

    private static async Task RehearseAsync(TlsHandshakeCallbackOptions callback, string serverName)
    {
        using var stream = new SslStream(new MemoryStream());
        var context = new TlsHandshakeCallbackContext();
        SetConnection(context, new RehearsedConnection());
        SetClientHelloInfo(context, new SslClientHelloInfo(serverName, SslProtocols.None));
        SetSslStream(context, stream);
        SetState(context, callback.OnConnectionState);
        try
        {
            await callback.OnConnection(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A name of another endpoint, or a callback that does not like to be rehearsed: its certificate is met at its first handshake.
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsCallbackOptions")]
    public static extern TlsHandshakeCallbackOptions? HttpsCallbackOptions(ListenOptions options);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_Connection")]
    private static extern void SetConnection(TlsHandshakeCallbackContext context, ConnectionContext connection);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_ClientHelloInfo")]
    private static extern void SetClientHelloInfo(TlsHandshakeCallbackContext context, SslClientHelloInfo hello);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_SslStream")]
    private static extern void SetSslStream(TlsHandshakeCallbackContext context, SslStream stream);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_State")]
    private static extern void SetState(TlsHandshakeCallbackContext context, object? state);
}
