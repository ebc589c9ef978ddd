using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Lab.Health;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Hosting;

/// <summary>Looks after a lab that is up: nothing of it goes silently.</summary>
internal sealed class LabWatch(EmbeddedLab lab, TimeProvider clock)
{
    // What the last check said of a part; the board's words from the start stay until that changes.
    private readonly Dictionary<string, HealthCheckResult> _last = [];

    /// <summary>Runs until it is cancelled; when one of its loops fails, both end with that failure.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] loops = [KeepNginxAsync(ending.Token), WatchHealthAsync(ending.Token)];
        var first = await Task.WhenAny(loops).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(loops)
            .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)
            .ConfigureAwait(false);
        await first.ConfigureAwait(false);
    }

    private async Task KeepNginxAsync(CancellationToken cancellationToken)
    {
        if (lab.Nginx is not { } nginx)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken).ConfigureAwait(false);
            return;
        }

        var wait = ShortestWait;
        while (true)
        {
            await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
            if (!nginx.HasEnded)
            {
                wait = ShortestWait;
                continue;
            }

            // Twice as long each time while it does not stay up.
            if (NginxLeftover.WasWanted(lab.Topology.NginxDirectory))
            {
                lab.Board.Set(LabTopology.Nginx, LabResourceState.Starting, "restarted on request");
                lab.Board.Say("nginx is restarted on request; it has forgotten its staples");
            }
            else
            {
                lab.Board.Set(LabTopology.Nginx, LabResourceState.Ended, nginx.LastError() ?? "");
                lab.Board.Say($"nginx ended{(nginx.LastError() is { } why ? $" ({why})" : "")}; starting it again");
            }

            try
            {
                await nginx.ReviveAsync(cancellationToken).ConfigureAwait(false);
                lab.Board.Set(LabTopology.Nginx, LabResourceState.Starting);
            }
            catch (LabException exception)
            {
                lab.Board.Say(exception.Message);
            }

            wait = wait < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private async Task WatchHealthAsync(CancellationToken cancellationToken)
    {
        var checks = LabTopology
            .Resources.Select(name => (Name: name, Check: LabHealth.CheckOf(lab.Topology, name, clock)))
            .Where(part => part.Check is not null && lab.Board[part.Name].State != LabResourceState.Off)
            .ToArray();
        while (true)
        {
            await Task.Delay(HealthInterval, clock, cancellationToken).ConfigureAwait(false);
            foreach (var (name, check) in checks)
            {
                var result = await check!
                    .CheckHealthAsync(new HealthCheckContext(), cancellationToken)
                    .ConfigureAwait(false);
                Note(name, name == LabTopology.Nginx ? Explain(result) : result);
            }
        }
    }

    // nginx tells its log why it staples nothing, and nobody else.
    private HealthCheckResult Explain(HealthCheckResult result)
    {
        if (result.Status == HealthStatus.Healthy || lab.Nginx?.LastOcspError() is not { } why)
            return result;
        return HealthCheckResult.Unhealthy($"{result.Description}; its log says: {why}");
    }

    private void Note(string name, HealthCheckResult result)
    {
        var known = lab.Board[name];
        var state = result.Status == HealthStatus.Healthy ? LabResourceState.Ready : LabResourceState.Degraded;
        var isNews = !_last.TryGetValue(name, out var last)
            ? state != known.State
            : last.Status != result.Status
                || last.Description != result.Description
                || known.State is LabResourceState.Starting;
        _last[name] = result;
        // What has ended says so itself, and better.
        if (!isNews || known.State == LabResourceState.Ended)
            return;
        lab.Board.Set(name, state, result.Description ?? "");
        var word = state == LabResourceState.Ready ? "ready" : "degraded";
        lab.Board.Say(result.Description is { } how ? $"{name}: {word}, {how}" : $"{name}: {word}");
    }

    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthInterval = TimeSpan.FromSeconds(3);
}
