using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Kestrel.Endpoints;

/// <summary>Says once, at start, which way stapling works here, and warns when no endpoint uses it.</summary>
internal sealed class StaplingAnnouncement(HandOffStatus handOff, HttpsEndpoints endpoints, ILoggerFactory loggers)
    : IHostedLifecycleService
{
    private readonly ILogger _logger = loggers.CreateLogger(StaplingLog.Category);

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        switch (handOff.State)
        {
            case { Mode: HandOffMode.RuntimeOwn, Obstacle: var why }:
                _logger.RuntimeOwn(why!);
                break;
            case { Mode: HandOffMode.Unsupported }:
                _logger.Unsupported(RuntimeInformation.OSDescription);
                break;
            default:
                _logger.Verified(RuntimeInformation.FrameworkDescription);
                if (endpoints.Count == 0)
                    _logger.NoEndpoint();
                break;
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
