using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace OcspLab.Stapling.Kestrel.Interop;

/// <summary>
/// All members of Kestrel that are not public and that this library reaches: they find every HTTPS endpoint, however it
/// was configured. <see cref="Missing"/> tells at start whether this Kestrel still has them.
/// </summary>
internal static class KestrelInternals
{
    /// <summary>What this Kestrel lacks, or null: then none of the members below throws.</summary>
    public static string? Missing { get; } = Probe();

    /// <summary>What is done to every HTTPS endpoint's options before the endpoint's own configuration.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsDefaults")]
    public static extern Action<HttpsConnectionAdapterOptions> HttpsDefaults(KestrelServerOptions options);

    /// <summary>Endpoints made in code.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    public static extern List<ListenOptions> CodeBackedListenOptions(KestrelServerOptions options);

    /// <summary>Endpoints of the configuration.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ConfigurationBackedListenOptions")]
    public static extern List<ListenOptions> ConfigurationBackedListenOptions(KestrelServerOptions options);

    /// <summary>An endpoint's TLS options, where it has some of its own.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsOptions")]
    public static extern HttpsConnectionAdapterOptions? HttpsOptions(ListenOptions options);

    /// <summary>What an endpoint asks at each handshake, where it does.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HttpsCallbackOptions")]
    public static extern TlsHandshakeCallbackOptions? HttpsCallbackOptions(ListenOptions options);

    /// <summary>
    /// What the application does to endpoints of the configuration, <c>kestrel.Configure(…).Endpoint(name, …)</c>, by
    /// their name.
    /// </summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EndpointConfigurations")]
    public static extern IDictionary<string, Action<EndpointConfiguration>> EndpointConfigurations(
        KestrelConfigurationLoader loader
    );

    /// <summary>A handshake's context as Kestrel would make it.</summary>
    public static TlsHandshakeCallbackContext CreateCallbackContext(
        ConnectionContext connection,
        SslClientHelloInfo hello,
        SslStream stream,
        object? state
    )
    {
        var context = new TlsHandshakeCallbackContext();
        SetConnection(context, connection);
        SetClientHelloInfo(context, hello);
        SetSslStream(context, stream);
        SetState(context, state);
        return context;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_Connection")]
    private static extern void SetConnection(TlsHandshakeCallbackContext context, ConnectionContext connection);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_ClientHelloInfo")]
    private static extern void SetClientHelloInfo(TlsHandshakeCallbackContext context, SslClientHelloInfo hello);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_SslStream")]
    private static extern void SetSslStream(TlsHandshakeCallbackContext context, SslStream stream);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_State")]
    private static extern void SetState(TlsHandshakeCallbackContext context, object? state);

    private static string? Probe()
    {
        try
        {
            var options = new KestrelServerOptions();
            _ = HttpsDefaults(options);
            _ = CodeBackedListenOptions(options);
            _ = ConfigurationBackedListenOptions(options);
            // Whose constructors are Kestrel's own; nothing of them is run.
            var endpoint = (ListenOptions)RuntimeHelpers.GetUninitializedObject(typeof(ListenOptions));
            _ = HttpsOptions(endpoint);
            _ = HttpsCallbackOptions(endpoint);
            _ = EndpointConfigurations(
                (KestrelConfigurationLoader)RuntimeHelpers.GetUninitializedObject(typeof(KestrelConfigurationLoader))
            );
            using var stream = new SslStream(new MemoryStream());
            _ = CreateCallbackContext(
                new DefaultConnectionContext(),
                new SslClientHelloInfo("", SslProtocols.None),
                stream,
                null
            );
            return null;
        }
        catch (MissingMemberException exception)
        {
            return exception.Message;
        }
    }
}
