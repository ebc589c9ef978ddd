using OcspLab.Pki;

namespace OcspLab.Lab;

/// <summary>Runs the servers through scenarios and experiments, one kind after the other, so that none disturbs what another measures.</summary>
/// <param name="plan">How long things last.</param>
/// <param name="servers">Who takes part.</param>
/// <param name="scenarios">What happens to them.</param>
/// <param name="experiments">What is measured besides.</param>
/// <param name="clients">Who is asked what they make of staples.</param>
/// <param name="clock">The time.</param>
/// <param name="progress">Is told what goes on.</param>
internal sealed class Comparison(
    ComparisonPlan plan, IReadOnlyList<IStaplingServer> servers, IReadOnlyList<Scenario> scenarios, IReadOnlyList<Experiment> experiments, IReadOnlyList<IStatusClient> clients,
    TimeProvider clock, Action<string> progress)
{
    /// <summary>Runs. When it is cancelled, what was seen so far is the result.</summary>
    /// <exception cref="LabException">The lab around the servers cannot be made.</exception>
    public async Task<ComparisonResult> RunAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var at = clock.GetUtcNow();
        var result = new ComparisonResult(at, default, plan.Validity, plan.Repeat, [], [], [.. scenarios.Select(scenario => new ComparedScenario(scenario.Name, scenario.Title))]);
        result = await DescribeAsync(result).ConfigureAwait(false);
        // Keys of this kind are made at once, and what they cost is another experiment.
        if (scenarios.Count > 0)
        {
            var lab = await ComparisonLab.StartAsync(plan.Validity, KeyAlgorithm.Ecdsa, clock, progress, cancellationToken).ConfigureAwait(false);
            await using (lab.ConfigureAwait(false))
                result = result with { Lanes = await new ScenarioExperiment(plan, Present(plan.Validity), scenarios, clock, progress).RunAsync(lab, cancellationToken).ConfigureAwait(false) };
        }

        if (experiments.Count > 0 && !cancellationToken.IsCancellationRequested)
        {
            // Here nothing is to expire or to be asked for again while it is measured.
            var lab = await ComparisonLab.StartAsync(CalmValidity, KeyAlgorithm.Ecdsa, clock, progress, CancellationToken.None).ConfigureAwait(false);
            await using (lab.ConfigureAwait(false))
                result = await MeasureAsync(lab, result, cancellationToken).ConfigureAwait(false);
        }

        return result with { Took = clock.GetElapsedTime(started) };
    }

    private async Task<ComparisonResult> MeasureAsync(ComparisonLab lab, ComparisonResult result, CancellationToken cancellationToken)
    {
        var calm = Present(CalmValidity);
        var failures = new List<string>();
        foreach (var experiment in experiments)
        {
            try
            {
                result = experiment switch
                {
                    Experiment.Latency => result with { Latencies = await new LatencyExperiment(plan, progress).RunAsync(lab, cancellationToken).ConfigureAwait(false) },
                    Experiment.Load => result with { Loads = await new LoadExperiment(plan, calm, progress).RunAsync(lab, cancellationToken).ConfigureAwait(false) },
                    Experiment.Clients => result with { Clients = await new ClientExperiment(clients, failures, progress).RunAsync(lab, cancellationToken).ConfigureAwait(false) },
                    _ => result with { Costs = await new CostExperiment(plan, calm, failures, clock, progress).RunAsync(cancellationToken).ConfigureAwait(false) },
                };
            }
            catch (LabException exception)
            {
                // The others are worth having.
                failures.Add($"{experiment.ToString().ToLowerInvariant()}: {exception.Message}");
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        return result with { Failures = failures };
    }

    private async Task<ComparisonResult> DescribeAsync(ComparisonResult result)
    {
        var validity = scenarios.Count > 0 ? plan.Validity : CalmValidity;
        var described = new List<ComparedServer>();
        foreach (var server in Present(validity))
            described.Add(new ComparedServer(server.Name, await server.ReadVersionAsync(CancellationToken.None).ConfigureAwait(false), server.Setting));
        return result with
        {
            Servers = described,
            Missing = [.. servers.Select(server => (server.Name, Reason: MissingHere(server, validity))).Where(server => server.Reason is not null).Select(server => new MissingServer(server.Name, server.Reason!))],
        };
    }

    private IReadOnlyList<IStaplingServer> Present(TimeSpan validity) => [.. servers.Where(server => MissingHere(server, validity) is null)];

    private static string? MissingHere(IStaplingServer server, TimeSpan validity) =>
        server.Missing ?? (server.ShortestValidity > validity ? $"it takes no answer that lasts less than {server.ShortestValidity.TotalMinutes:0} minutes, and these last {validity.TotalSeconds:0} s" : null);

    private static readonly TimeSpan CalmValidity = TimeSpan.FromHours(12);
}
