using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Kestrel.Endpoints;

/// <summary>Warns, once the server has started, when no endpoint uses stapling.</summary>
internal sealed class EndpointAnnouncement(HandOffStatus handOff, HttpsEndpoints endpoints, ILoggerFactory loggers)
    : IHostedLifecycleService
{
    private readonly ILogger _logger = loggers.CreateLogger(StaplingLog.Category);

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (handOff.IsWorking && endpoints.Count == 0)
            _logger.NoEndpoint();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
