using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling;

/// <summary>
/// Says once, at start, whether staples reach handshakes here, where they are kept, and which settings are none.
/// </summary>
internal sealed class StaplingAnnouncement(
    HandOffStatus handOff,
    StoreChoice store,
    IConfiguration configuration,
    ILoggerFactory loggers
) : IHostedLifecycleService
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
                break;
        }

        if (store.Obstacle is { } obstacle)
            _logger.StaplesNotKept(obstacle);
        else
            _logger.StaplesKept(store.Place);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // A warning and not the end: an older version may run with the settings of a newer one for a while.
        var section = configuration.GetSection(StaplingOptions.Section);
        foreach (
            var child in section
                .GetChildren()
                .Where(child => !Known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
        )
            _logger.SettingUnknown(child.Key, string.Join(", ", Known));
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static readonly string[] Known =
    [
        .. typeof(StaplingOptions)
            .GetProperties()
            .Select(property => property.Name)
            .Where(name => name != nameof(StaplingOptions.Events))
            .Append("Fetch")
            .Append("Clients")
            .Order(),
    ];
}
