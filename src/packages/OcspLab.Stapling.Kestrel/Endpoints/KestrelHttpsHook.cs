using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OcspLab.Stapling.Kestrel.Interop;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Kestrel.Endpoints;

/// <summary>
/// Finds every HTTPS endpoint. <see cref="KestrelServerOptions.ConfigureHttpsDefaults"/> replaces what the application
/// set before and is passed over by endpoints that the application made before: so this runs after all configuration,
/// wraps the defaults that are there, and attaches to the endpoints that exist already.
/// </summary>
internal sealed class KestrelHttpsHook(
    HttpsEndpoints endpoints,
    StaplingEngine engine,
    HandOffStatus handOff,
    Http3Support http3
) : IPostConfigureOptions<KestrelServerOptions>, IHostedLifecycleService
{
    private KestrelServerOptions? _options;

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        if (KestrelInternals.Missing is { } missing)
            handOff.GiveUp(HandOffMode.RuntimeOwn, $"Kestrel has changed inside: {missing}");
        if (handOff.State.Mode == HandOffMode.Unsupported || KestrelInternals.Missing is not null)
            return;
        var before = KestrelInternals.HttpsDefaults(options);
        options.ConfigureHttpsDefaults(https =>
        {
            before(https);
            endpoints.Attach(https);
        });
        // Those of the configuration exist by now where the application has made one in code as well.
        foreach (var endpoint in EndpointsOf(options))
        {
            if (KestrelInternals.HttpsOptions(endpoint) is { } https)
                endpoints.Attach(https);
            if (KestrelInternals.HttpsCallbackOptions(endpoint) is { } callback)
                endpoints.Attach(callback);
        }

        if (options.ConfigurationLoader is { } loader)
            AttachAfterApplication(loader);
        if (_options is null)
            engine.Hold(CertificatesInForce);
        _options = options;
        foreach (var https in Http3Endpoints(null))
            endpoints.Suspend(https);
    }

    /// <summary>
    /// Just before a TCP port opens: clears the way for HTTP/3 on the same endpoint, and fetches the staples of all
    /// certificates that are known by then.
    /// </summary>
    /// <param name="port">The port.</param>
    /// <param name="atMost">A wait shorter than the one at start, or null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task PrefetchAsync(EndPoint port, TimeSpan? atMost, CancellationToken cancellationToken)
    {
        foreach (var https in Http3Endpoints(port))
            endpoints.Suspend(https);
        endpoints.PrefetchCertificates();
        // Handshakes that are not given staples need not wait for them.
        if (!handOff.IsWorking)
            return;
        if (_options is { } options)
            await SniPrefetch
                .RunAsync(options, KestrelInternals.ConfigurationBackedListenOptions(options))
                .ConfigureAwait(false);
        await engine.WaitForFirstStaplesAsync(cancellationToken, atMost).ConfigureAwait(false);
    }

    /// <summary>
    /// Just before an HTTP/3 port opens: Kestrel has looked for a callback by now. A handshake over TCP between the two
    /// moments is not stapled.
    /// </summary>
    public void AfterBinding(EndPoint port)
    {
        foreach (var https in Http3Endpoints(port))
            endpoints.Attach(https);
    }

    /// <summary>Once every port is open.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        endpoints.AttachAll();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The application's actions for endpoints of the configuration run after the defaults: what they set (a selector, a
    // callback) is seen only by one who runs after them.
    private void AttachAfterApplication(KestrelConfigurationLoader loader)
    {
        var actions = KestrelInternals.EndpointConfigurations(loader);
        foreach (var (name, action) in actions.ToArray())
        {
            actions[name] = endpoint =>
            {
                action(endpoint);
                if (endpoint.IsHttps)
                    endpoints.Attach(endpoint.HttpsOptions);
            };
        }
    }

    /// <summary>The endpoints with HTTP/3, all or those of one port.</summary>
    private IEnumerable<HttpsConnectionAdapterOptions> Http3Endpoints(EndPoint? port)
    {
        if (!http3.IsAvailable || _options is null)
            return [];
        return EndpointsOf(_options)
            .Where(listen =>
                listen.Protocols.HasFlag(HttpProtocols.Http3) && (port is null || IsSamePort(listen.EndPoint, port))
            )
            .Select(KestrelInternals.HttpsOptions)
            .OfType<HttpsConnectionAdapterOptions>();
    }

    // Those of an endpoint that nobody visits are as much in force as any.
    private IEnumerable<X509Certificate2> CertificatesInForce() =>
        _options is null
            ? []
            : EndpointsOf(_options)
                .Select(listen => KestrelInternals.HttpsOptions(listen)?.ServerCertificate)
                .OfType<X509Certificate2>();

    // Copies: a reload of the configuration changes the lists while somebody looks.
    private static IEnumerable<ListenOptions> EndpointsOf(KestrelServerOptions options) =>
        KestrelInternals
            .CodeBackedListenOptions(options)
            .ToArray()
            .Concat(KestrelInternals.ConfigurationBackedListenOptions(options).ToArray())
            .OfType<ListenOptions>();

    // "localhost" is bound as two addresses, neither of them the endpoint's own.
    private static bool IsSamePort(EndPoint left, EndPoint right) =>
        left.Equals(right) || (left is IPEndPoint own && right is IPEndPoint other && own.Port == other.Port);
}

/// <summary>Whether HTTP/3 ports are opened on this machine at all.</summary>
/// <param name="IsAvailable">They are where the system has QUIC.</param>
internal sealed record Http3Support(bool IsAvailable);
