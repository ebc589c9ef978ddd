using System.Collections.Concurrent;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Servers;

namespace OcspLab.Comparison.Scenarios;

/// <summary>Runs every server through every scenario, all at once, around one responder.</summary>
/// <param name="plan">How long things last.</param>
/// <param name="servers">Who takes part.</param>
/// <param name="scenarios">What happens to them.</param>
/// <param name="failures">Is given what could not be seen, and why.</param>
/// <param name="clock">The time.</param>
/// <param name="progress">Is told what goes on.</param>
internal sealed class ScenarioExperiment(ComparisonPlan plan, IReadOnlyList<IStaplingServer> servers, IReadOnlyList<Scenario> scenarios, ConcurrentBag<string> failures, TimeProvider clock, Action<string> progress)
{
    /// <summary>Runs, as often as the plan says. When it is cancelled, what was seen so far is the result.</summary>
    public async Task<IReadOnlyList<LaneResult>> RunAsync(ComparisonLab lab, CancellationToken cancellationToken)
    {
        var results = new List<LaneResult>();
        for (var run = 1; run <= plan.Runs && !cancellationToken.IsCancellationRequested; run++)
        {
            try
            {
                results.AddRange(await RunAsync(lab, run, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // A run is minutes: those before it are kept.
                failures.Add($"{NameOf(run)}: {exception.Message}");
            }
        }

        return results;
    }

    private async Task<IReadOnlyList<LaneResult>> RunAsync(ComparisonLab lab, int run, CancellationToken cancellationToken)
    {
        progress($"{NameOf(run)}: making certificates, servers {servers.Count} × scenarios {scenarios.Count}");
        var lanes = new List<Lane>();
        try
        {
            var all = scenarios.SelectMany(scenario => servers.Select(server => (Server: server, Scenario: scenario))).ToArray();
            var places = await lab.IssueAsync([.. all.Select(one => NameOf(one.Server, one.Scenario, run))], cancellationToken).ConfigureAwait(false);
            lanes.AddRange(all.Zip(places, (one, place) => new Lane(one.Server, one.Scenario, run, place, plan, lab)));
            return await RunAsync(lanes, run, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Before the first lane ran.
            return [];
        }
        finally
        {
            foreach (var lane in lanes)
                await lane.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<LaneResult>> RunAsync(List<Lane> lanes, int run, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var one = plan.Length + (Stagger * lanes.Count);
        var running = new List<Task<LaneResult>>();
        for (var index = 0; index < lanes.Count && !cancellationToken.IsCancellationRequested; index++)
        {
            running.Add(lanes[index].RunAsync(cancellationToken));
            // One after the other: what starts slowly is to show the server, not the machine.
            await Task.Delay(Stagger, clock, CancellationToken.None).ConfigureAwait(false);
            if (index % 5 == 4)
                progress($"{NameOf(run)}: {index + 1} of {lanes.Count} processes are started, {Left()}");
        }

        var all = Task.WhenAll(running);
        while (await Task.WhenAny(all, Task.Delay(ProgressInterval, clock, CancellationToken.None)).ConfigureAwait(false) != all)
        {
            progress($"{NameOf(run)}: {running.Count(lane => !lane.IsCompleted)} processes at work, {Left()}");
        }

        return await all.ConfigureAwait(false);

        string Left() => WorkProgress.ToGo(TimeSpan.FromSeconds(Math.Max(0, (one - clock.GetElapsedTime(started)).TotalSeconds)) + ((plan.Runs - run) * one));
    }

    private string NameOf(int run) => plan.Runs == 1 ? "scenarios" : $"scenarios, run {run} of {plan.Runs}";

    private static string NameOf(IStaplingServer server, Scenario scenario, int run) =>
        scenario.Kind == ScenarioKind.MustStaple ? $"{ComparisonLab.MustStaple}-{server.Name}-{run}" : $"{server.Name}-{scenario.Name.ToLowerInvariant()}-{run}";

    private static readonly TimeSpan Stagger = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);
}
