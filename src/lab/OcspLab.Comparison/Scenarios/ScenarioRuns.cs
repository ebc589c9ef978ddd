using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Servers;
using OcspLab.Pki;

namespace OcspLab.Comparison.Scenarios;

/// <summary>Runs every server through every scenario, all at once, around one responder.</summary>
/// <param name="plan">How long things last.</param>
/// <param name="servers">Who takes part.</param>
/// <param name="scenarios">What happens to them.</param>
/// <param name="failures">Is given what could not be seen, and why.</param>
/// <param name="clock">The time.</param>
/// <param name="progress">Is told what goes on.</param>
internal sealed class ScenarioRuns(
    ComparisonPlan plan,
    IReadOnlyList<IStaplingServer> servers,
    IReadOnlyList<Scenario> scenarios,
    FailureLog failures,
    TimeProvider clock,
    PartProgress progress
)
{
    /// <summary>Runs, as often as the plan says. When it is cancelled, what was seen so far is the result.</summary>
    public async Task<IReadOnlyList<ScenarioRunResult>> RunAsync(ComparisonLab lab, CancellationToken cancellationToken)
    {
        var results = new List<ScenarioRunResult>();
        for (var run = 1; run <= plan.Runs && !cancellationToken.IsCancellationRequested; run++)
        {
            try
            {
                results.AddRange(await RunAsync(lab, run, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // A run is minutes: those before it are kept.
                await failures.AddAsync($"{NameOf(run)}", exception, cancellationToken).ConfigureAwait(false);
            }
        }

        return results;
    }

    private async Task<IReadOnlyList<ScenarioRunResult>> RunAsync(
        ComparisonLab lab,
        int run,
        CancellationToken cancellationToken
    )
    {
        progress.Say($"{NameOf(run)}: making certificates, servers {servers.Count} × scenarios {scenarios.Count}");
        var runs = new List<ScenarioRun>();
        try
        {
            foreach (var scenario in scenarios)
            {
                var kind =
                    scenario.Kind == ScenarioKind.MustStaple ? CertificateKind.MustStapleSite : CertificateKind.Site;
                var names = servers.Select(server => $"{server.Name}-{scenario.Name.ToLowerInvariant()}-{run}");
                var places = await lab.IssueAsync([.. names], kind, cancellationToken).ConfigureAwait(false);
                runs.AddRange(
                    servers.Zip(places, (server, place) => new ScenarioRun(server, scenario, run, place, plan, lab))
                );
            }

            return await RunAsync(runs, run, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Before the first one ran.
            return [];
        }
        finally
        {
            foreach (var one in runs)
                await one.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<ScenarioRunResult>> RunAsync(
        List<ScenarioRun> runs,
        int run,
        CancellationToken cancellationToken
    )
    {
        var started = clock.GetTimestamp();
        var length = plan.Length + (StartInterval * runs.Count);
        var running = new List<Task<ScenarioRunResult>>();
        for (var index = 0; index < runs.Count && !cancellationToken.IsCancellationRequested; index++)
        {
            running.Add(runs[index].RunAsync(cancellationToken));
            // One after the other: what starts slowly is to show the server, not the machine.
            await Task.Delay(StartInterval, clock, CancellationToken.None).ConfigureAwait(false);
            if (index % 5 == 4)
                progress.Say($"{NameOf(run)}: {index + 1} of {runs.Count} processes are started", Left());
        }

        var all = Task.WhenAll(running);
        while (
            await Task.WhenAny(all, Task.Delay(ProgressInterval, clock, CancellationToken.None)).ConfigureAwait(false)
            != all
        )
        {
            progress.Say($"{NameOf(run)}: {running.Count(one => !one.IsCompleted)} processes at work", Left());
        }

        return await all.ConfigureAwait(false);

        TimeSpan Left()
        {
            var left = Math.Max(0, (length - clock.GetElapsedTime(started)).TotalSeconds);
            return TimeSpan.FromSeconds(left) + ((plan.Runs - run) * length);
        }
    }

    private string NameOf(int run) => plan.Runs == 1 ? "scenarios" : $"scenarios, run {run} of {plan.Runs}";

    private static readonly TimeSpan StartInterval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);
}
