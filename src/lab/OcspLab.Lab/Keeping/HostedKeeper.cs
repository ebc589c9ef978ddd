using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OcspLab.Keep.Health;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Services;
using OcspLab.Lab.Topology;
using OcspLab.Stapling.Status;

namespace OcspLab.Lab.Keeping;

/// <summary><c>keep</c> within the lab's own process.</summary>
internal sealed class HostedKeeper(LabTopology topology, LabFoundation foundation, string reload, TimeProvider clock)
    : ILabKeeper
{
    /// <inheritdoc/>
    public string Origin => "in this process";

    /// <inheritdoc/>
    public bool HasEnded => false;

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var settings = new KeepSettings($"127.0.0.1:{topology.Ports.Dns}", $"127.0.0.1:{topology.Ports.Keep}", reload);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.For(topology));
        foundation.Log(builder.Logging, LabTopology.Keep);
        builder.AddServiceDefaults(StaplingTelemetry.MeterName, KeepTelemetry.MeterName);
        builder.Services.AddOcspKeep(builder.Configuration);
        // So that the responder's journal tells the lab's servers apart.
        builder.Services.ConfigureHttpClientDefaults(http =>
            http.ConfigureHttpClient(client => client.DefaultRequestHeaders.UserAgent.ParseAdd(LabTopology.Keep))
        );
        await foundation.RunAsync(LabTopology.Keep, builder.Build(), cancellationToken).ConfigureAwait(false);
        // Empty until keep has named a staple in it.
        var include = new FileInfo(new KeptStaple(topology.KeepDirectory).Include);
        for (var started = clock.GetTimestamp(); !HasContent() && clock.GetElapsedTime(started) < FirstStapleTimeout; )
            await Task.Delay(PollInterval, clock, cancellationToken).ConfigureAwait(false);

        bool HasContent()
        {
            include.Refresh();
            return include is { Exists: true, Length: > 0 };
        }
    }

    /// <inheritdoc/>
    public Task FollowAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static readonly TimeSpan FirstStapleTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
}
