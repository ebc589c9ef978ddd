using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Fleets;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Reports;
using OcspLab.Comparison.Results;
using OcspLab.Comparison.Scenarios;
using OcspLab.Comparison.Servers;
using OcspLab.Lab;
using OcspLab.Pki;

namespace OcspLab.Comparison;

/// <summary>
/// Runs the servers through scenarios and measurements, one kind after the other, so that none disturbs what another
/// measures.
/// </summary>
/// <param name="plan">How long things last.</param>
/// <param name="servers">Who takes part.</param>
/// <param name="scenarios">What happens to them.</param>
/// <param name="measurements">What is measured besides.</param>
/// <param name="clients">Who is asked what they make of staples.</param>
/// <param name="clock">The time.</param>
/// <param name="progress">Is told what goes on.</param>
internal sealed class ComparisonRunner(
    ComparisonPlan plan,
    IReadOnlyList<IStaplingServer> servers,
    IReadOnlyList<Scenario> scenarios,
    IReadOnlyList<Measurement> measurements,
    IReadOnlyList<IStatusClient> clients,
    TimeProvider clock,
    Action<string> progress
)
{
    private readonly FailureLog _failures = new();

    /// <summary>Runs. When it is cancelled, what was seen so far is the result.</summary>
    /// <exception cref="LabException">The lab around the servers cannot be made.</exception>
    public async Task<ComparisonResult> RunAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var at = clock.GetUtcNow();
        var result = new ComparisonResult(
            at,
            default,
            plan.Validity,
            plan.Runs,
            [],
            [],
            [.. scenarios.Select(scenario => new ComparedSituation(scenario.Name, scenario.Title))]
        );
        result = await DescribeAsync(result).ConfigureAwait(false);
        // Keys of this kind are made at once, and what they cost is another measurement.
        if (scenarios.Count > 0 && Present(plan.Validity).Count == 0)
        {
            _failures.Add("scenarios", "none of these servers can take part");
        }
        else if (scenarios.Count > 0)
        {
            await TryAsync(
                    "scenarios",
                    async () =>
                    {
                        var lab = await ComparisonLab
                            .StartAsync(plan.Validity, KeyAlgorithm.Ecdsa, clock, progress, cancellationToken)
                            .ConfigureAwait(false);
                        await using (lab.ConfigureAwait(false))
                            result = result with
                            {
                                ScenarioRuns = await new ScenarioRuns(
                                    plan,
                                    Present(plan.Validity),
                                    scenarios,
                                    _failures,
                                    clock,
                                    ReportOf(0)
                                )
                                    .RunAsync(lab, cancellationToken)
                                    .ConfigureAwait(false),
                            };
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        if (measurements.Count > 0 && !cancellationToken.IsCancellationRequested)
        {
            await TryAsync(
                    "experiments",
                    async () =>
                    {
                        // Here nothing is to expire or to be asked for again while it is measured.
                        var lab = await ComparisonLab
                            .StartAsync(LongValidity, KeyAlgorithm.Ecdsa, clock, progress, cancellationToken)
                            .ConfigureAwait(false);
                        await using (lab.ConfigureAwait(false))
                        {
                            foreach (var (part, measurement) in measurements.Index())
                            {
                                var report = ReportOf((scenarios.Count > 0 ? 1 : 0) + part);
                                await TryAsync(
                                        measurement.ToString().ToLowerInvariant(),
                                        async () =>
                                            result = await MeasureAsync(
                                                    measurement,
                                                    lab,
                                                    result,
                                                    report,
                                                    cancellationToken
                                                )
                                                .ConfigureAwait(false),
                                        cancellationToken
                                    )
                                    .ConfigureAwait(false);
                            }
                        }
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        return result with
        {
            Took = clock.GetElapsedTime(started),
            IsCutShort = cancellationToken.IsCancellationRequested,
            Failures =
            [
                .. result
                    .ScenarioRuns.Where(run => run.Failure is not null)
                    .Select(run => $"{ComparisonText.Label(run, result)}, {run.Scenario}: {run.Failure}"),
                .. _failures.All,
            ],
        };
    }

    // The one boundary: whatever goes wrong in one part, the others are worth having.
    private async Task TryAsync(string what, Func<Task> run, CancellationToken cancellationToken)
    {
        try
        {
            await run().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await _failures.AddAsync(what, exception, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ComparisonResult> MeasureAsync(
        Measurement measurement,
        ComparisonLab lab,
        ComparisonResult result,
        PartProgress report,
        CancellationToken cancellationToken
    )
    {
        var present = Present(LongValidity);
        return measurement switch
        {
            Measurement.Latency => result with
            {
                Latencies = await new LatencyMeasurement(plan, report)
                    .RunAsync(lab, cancellationToken)
                    .ConfigureAwait(false),
            },
            Measurement.Load => result with
            {
                Loads = await new LoadMeasurement(plan, present, _failures, report)
                    .RunAsync(lab, cancellationToken)
                    .ConfigureAwait(false),
            },
            Measurement.Clients => result with
            {
                Clients = await new ClientTrial(clients, _failures, report)
                    .RunAsync(lab, cancellationToken)
                    .ConfigureAwait(false),
            },
            Measurement.Fleet => result with
            {
                Fleet = await TryFleetAsync(report, cancellationToken).ConfigureAwait(false),
            },
            _ => result with
            {
                Costs = await new CostMeasurement(
                    plan,
                    [.. present.Where(server => server is not KeptServer)],
                    _failures,
                    clock,
                    report
                )
                    .RunAsync(cancellationToken)
                    .ConfigureAwait(false),
            },
        };
    }

    private async Task<FleetReport> TryFleetAsync(PartProgress report, CancellationToken cancellationToken)
    {
        var order = new FleetOrder(FleetSites, FleetClients, plan.FleetFor, FleetValidity);
        var fleet = await new FleetTrial(order, clock, report.Say).RunAsync(cancellationToken).ConfigureAwait(false);
        if (!fleet.IsFlawless && !cancellationToken.IsCancellationRequested)
            _failures.Add("fleet", "a handshake went without its staple, or a site did not learn of the revocation");
        return fleet;
    }

    // Which of all parts it is, and how long those after it will take.
    private PartProgress ReportOf(int part)
    {
        var before = scenarios.Count > 0 ? 1 : 0;
        var later = measurements
            .Skip(part + 1 - before)
            .Aggregate(TimeSpan.Zero, (sum, one) => sum + plan.Estimate(one));
        return new PartProgress(line => progress($"[{part + 1} of {before + measurements.Count}] {line}"), later);
    }

    private async Task<ComparisonResult> DescribeAsync(ComparisonResult result)
    {
        // A server that is here and only too particular for the scenarios takes part in the rest.
        var present = Present(measurements.Count > 0 ? LongValidity : plan.Validity);
        var described = new List<ComparedProgram>();
        foreach (var server in present)
        {
            var version = await server.ReadVersionAsync(CancellationToken.None).ConfigureAwait(false);
            described.Add(new ComparedProgram(server.Name, version, server.Setting, server.IntervalOf(version)));
        }

        var missing = servers.Where(server =>
            scenarios.Count > 0 ? MissingHere(server, plan.Validity) is not null : server.Missing is not null
        );
        return result with
        {
            Servers = described,
            Missing =
            [
                .. missing.Select(server => new MissingProgram(
                    server.Name,
                    (present.Contains(server) ? "of the scenarios only: " : "")
                        + (MissingHere(server, plan.Validity) ?? server.Missing)
                )),
            ],
        };
    }

    private IReadOnlyList<IStaplingServer> Present(TimeSpan validity) =>
        [.. servers.Where(server => MissingHere(server, validity) is null)];

    private static string? MissingHere(IStaplingServer server, TimeSpan validity) =>
        server.Missing
        ?? (
            server.ShortestValidity > validity
                ? $"it takes no answer that lasts less than {server.ShortestValidity.TotalMinutes:0} minutes, and "
                    + $"these last {validity.TotalSeconds:0} s"
                : null
        );

    private const int FleetSites = 4;
    private const int FleetClients = 4;
    private static readonly TimeSpan FleetValidity = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongValidity = TimeSpan.FromHours(12);
}
