using Microsoft.Extensions.Hosting;
using OcspLab.Lab.Topology;

namespace OcspLab.AppHost;

/// <summary>
/// Writes what the resources say into the lab's folder as well, a file each, as the lab without Aspire does.
/// </summary>
internal sealed class LogFiles(LabTopology topology, DistributedApplicationModel model, ResourceLoggerService logs)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(model.Resources.Select(resource => WriteAsync(resource, stoppingToken)));

    private async Task WriteAsync(IResource resource, CancellationToken cancellationToken)
    {
        try
        {
            // Aspire has resources of its own that never say anything: no file for those.
            await foreach (var lines in logs.WatchAsync(resource).WithCancellation(cancellationToken))
                await File.AppendAllLinesAsync(
                    Path.Combine(topology.LogDirectory, $"{resource.Name}.log"),
                    lines.Select(line => line.Content),
                    cancellationToken
                );
        }
        catch (OperationCanceledException)
        {
            // The end of the lab.
        }
    }
}
