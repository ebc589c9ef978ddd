using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Listening;

/// <summary>
/// What every port of the responder has in common: what a client can take, and that all of it is OCSP.
/// </summary>
internal static class OcspPort
{
    /// <summary>Limits connections, and the time that they may take.</summary>
    /// <param name="host">Its Kestrel, over sockets.</param>
    /// <param name="limits">Whose connections, and how many.</param>
    public static void LimitConnections(this IWebHostBuilder host, ResponderServiceOptions limits)
    {
        host.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
            kestrel.Limits.KeepAliveTimeout = limits.IdleTimeout;
            kestrel.Limits.RequestHeadersTimeout = ReadTimeout;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, ReadTimeout);
        });
        host.ConfigureServices(services =>
            services.AddSingleton<IConnectionListenerFactory>(provider => new AdmittingListenerFactory(
                ActivatorUtilities.CreateInstance<SocketTransportFactory>(provider),
                Table(limits)
            ))
        );
    }

    /// <summary>Answers every request, whatever its path. No routing: every path is a question.</summary>
    public static void RunOcsp(this IApplicationBuilder app, OcspRequestHandler handler) =>
        app.Run(http =>
        {
            if (http.Features.Get<AdmittedConnection>() is not { } connection)
                return handler.HandleAsync(http);
            connection.Begin();
            var answered = handler.HandleAsync(http);
            if (!answered.IsCompleted)
                return EndAsync(answered, connection);
            connection.End();
            return answered;
        });

    private static async Task EndAsync(Task answered, AdmittedConnection connection)
    {
        try
        {
            await answered.ConfigureAwait(false);
        }
        finally
        {
            connection.End();
        }
    }

    private static ConnectionTable Table(ResponderServiceOptions limits)
    {
        var maximum = Math.Min(limits.MaximumConnections, DescriptorLimit.ForConnections() ?? int.MaxValue);
        return new ConnectionTable(
            maximum,
            Math.Min(maximum, limits.MaximumConnectionsPerAddress ?? Math.Max(1, maximum / 4)),
            TimeProvider.System
        );
    }

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);
}
