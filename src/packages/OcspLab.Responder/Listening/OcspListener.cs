using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;
using OcspLab.ServiceDefaults;

namespace OcspLab.Responder.Listening;

/// <summary>
/// The OCSP port, an application of its own beside the admin API's: nothing of the one can be reached through the
/// other, and it can be stopped and started while the admin API stays.
/// </summary>
public sealed class OcspListener : IHostedService, IAsyncDisposable
{
    private readonly OcspRequestHandler _handler;
    private readonly ResponderServiceOptions _options;
    private readonly AddressBinding _binding;
    private readonly ILoggerFactory _loggers;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private WebApplication? _application;

    internal OcspListener(
        OcspRequestHandler handler,
        IOptions<ResponderServiceOptions> options,
        AddressBinding binding,
        ILoggerFactory loggers
    )
    {
        _binding = binding;
        _handler = handler;
        _options = options.Value;
        _loggers = loggers;
    }

    /// <summary>Where it listens, or null while it is stopped.</summary>
    public Uri? Url => _application is { } application ? new Uri(application.Urls.First()) : null;

    /// <summary>Opens the port; nothing happens when it is open.</summary>
    /// <exception cref="IOException">The port is in use.</exception>
    public Task StartAsync(CancellationToken cancellationToken) =>
        ExclusivelyAsync(
            async () =>
            {
                if (_application is not null)
                    return;
                var application = Build();
                try
                {
                    await application.StartAsync(cancellationToken).ConfigureAwait(false);
                    _application = application;
                }
                catch
                {
                    await application.DisposeAsync().ConfigureAwait(false);
                    throw;
                }
            },
            cancellationToken
        );

    /// <summary>Closes the port; nothing happens when it is closed.</summary>
    public Task StopAsync(CancellationToken cancellationToken) =>
        ExclusivelyAsync(
            async () =>
            {
                if (_application is not { } application)
                    return;
                _application = null;
                try
                {
                    await application.StopAsync(cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    await application.DisposeAsync().ConfigureAwait(false);
                }
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);

    private WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions
            {
                ApplicationName = typeof(OcspListener).Assembly.GetName().Name,
                ContentRootPath = AppContext.BaseDirectory,
            }
        );
        builder.Services.AddSingleton(_loggers);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        // The lifetime is the outer application's: this one must not answer Ctrl-C by itself.
        builder.Services.AddSingleton<IHostLifetime, PassiveLifetime>();
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = Bind);
        builder.WebHost.LimitConnections(_options);
        var application = builder.Build();
        foreach (var address in SocketBinding.Parse(_options.Address))
            application.Urls.Add($"http://{new IPEndPoint(address, _options.Port)}");
        application.RunOcsp(_handler);
        return application;
    }

    private Socket Bind(EndPoint endPoint)
    {
        if (_binding == AddressBinding.Present)
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _binding.Prepare(socket);
            socket.Bind(endPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ExclusivelyAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await work().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }
}
