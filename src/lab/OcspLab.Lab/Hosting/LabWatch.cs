using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Lab.Health;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Hosting;

/// <summary>Looks after a lab that is up: nothing of it goes silently.</summary>
internal sealed class LabWatch(EmbeddedLab lab, TimeProvider clock)
{
    // What the last check said of a part; the board's words from the start stay until that changes.
    private readonly Dictionary<string, HealthCheckResult> _last = [];
    private readonly ConcurrentDictionary<string, long> _revived = new(StringComparer.Ordinal);

    /// <summary>Runs until it is cancelled; when one of its loops fails, both end with that failure.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] loops =
        [
            WatchHealthAsync(ending.Token),
            WatchKeeperAsync(ending.Token),
            .. lab.Nginxes.Started.Select(nginx => KeepNginxAsync(nginx, ending.Token)),
            .. lab.Fleet.Processes.Select(part => KeepPartAsync(part, ending.Token)),
        ];
        var first = await Task.WhenAny(loops).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(loops)
            .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)
            .ConfigureAwait(false);
        await first.ConfigureAwait(false);
    }

    private async Task KeepNginxAsync(LabNginx nginx, CancellationToken cancellationToken)
    {
        var wait = ShortestWait;
        while (true)
        {
            await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
            if (!nginx.Process.HasEnded)
            {
                wait = ShortestWait;
                continue;
            }

            // Twice as long each time while it does not stay up.
            if (NginxLeftover.WasWanted(nginx.Directory))
            {
                lab.Board.Set(nginx.Name, LabResourceState.Starting, "restarted on request");
                lab.Board.Say($"{nginx.Name} is restarted on request; it has forgotten what it fetched");
            }
            else
            {
                lab.Board.Set(nginx.Name, LabResourceState.Ended, nginx.Process.LastError() ?? "");
                lab.Board.Say(
                    $"{nginx.Name} ended{(nginx.Process.LastError() is { } why ? $" ({why})" : "")}; starting it again"
                );
            }

            try
            {
                _revived[nginx.Name] = clock.GetTimestamp();
                await nginx.Process.ReviveAsync(cancellationToken).ConfigureAwait(false);
                lab.Board.Set(nginx.Name, LabResourceState.Starting);
            }
            catch (LabException exception)
            {
                lab.Board.Say(exception.Message);
            }

            wait = wait < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private async Task WatchKeeperAsync(CancellationToken cancellationToken)
    {
        var wait = ShortestWait;
        while (true)
        {
            await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
            if (lab.Nginxes.Keeper is not { HasEnded: true } keeper)
            {
                wait = ShortestWait;
                continue;
            }

            lab.Board.Set(LabTopology.Keep, LabResourceState.Ended);
            if (lab.Nginxes.Started.Any(nginx => nginx.Process.HasEnded))
                continue;
            try
            {
                await keeper.FollowAsync(cancellationToken).ConfigureAwait(false);
                lab.Board.Set(LabTopology.Keep, LabResourceState.Starting);
                lab.Board.Say($"{LabTopology.Keep} ended; it is started again");
            }
            catch (LabException exception)
            {
                lab.Board.Say(exception.Message);
            }

            wait = wait < LongestWait ? wait * 2 : LongestWait;
        }
    }

    // A part of the fleet is away for long enough to see what the others do.
    private async Task KeepPartAsync(LabProcess part, CancellationToken cancellationToken)
    {
        string? refusal = null;
        while (true)
        {
            await Task.Delay(ShortestWait, clock, cancellationToken).ConfigureAwait(false);
            if ((part.Ending ?? refusal) is not { } why)
                continue;
            lab.Board.Set(part.Name, LabResourceState.Ended, why);
            lab.Board.Say($"{part.Name} ended; it is started again in {AwayTime.TotalSeconds:0} s");
            await Task.Delay(AwayTime, clock, cancellationToken).ConfigureAwait(false);
            try
            {
                lab.Board.Set(part.Name, LabResourceState.Starting);
                await part.StartAsync(cancellationToken).ConfigureAwait(false);
                lab.Board.Set(part.Name, LabResourceState.Ready);
                lab.Board.Say($"{part.Name} is there again");
                refusal = null;
            }
            catch (Exception exception) when (exception is LabException or IOException or UnauthorizedAccessException)
            {
                // There may be no process whose end could be seen.
                refusal = exception.Message;
                lab.Board.Say(refusal);
            }
        }
    }

    private async Task WatchHealthAsync(CancellationToken cancellationToken)
    {
        var checks = lab
            .Board.Resources.Select(part => (part.Name, Check: LabHealth.CheckOf(lab.Topology, part.Name, clock)))
            .Where(part => part.Check is not null && lab.Board[part.Name].State != LabResourceState.Off)
            .ToArray();
        while (true)
        {
            await Task.Delay(HealthInterval, clock, cancellationToken).ConfigureAwait(false);
            foreach (var (name, check) in checks)
            {
                if (
                    _revived.TryGetValue(name, out var revived)
                    && clock.GetElapsedTime(revived) < FirstHandshakesTimeout
                )
                    continue;
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

    // The first handshakes of an nginx are what one restarts it for: they are left to those who want to see them.
    private static readonly TimeSpan FirstHandshakesTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan AwayTime = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthInterval = TimeSpan.FromSeconds(3);
}
