namespace OcspLab.Comparison.Planning;

/// <summary>
/// How long things last in a comparison, and how much of everything there is. The scenarios' times are parts of the
/// answers' validity, so that the quick and the full one show the same.
/// </summary>
internal sealed record ComparisonPlan
{
    /// <summary>How long the responder's answers last in the scenarios.</summary>
    public required TimeSpan Validity { get; init; }

    /// <summary>How long a server is left alone after its start, to see whether it asks by itself.</summary>
    public required TimeSpan Settle { get; init; }

    /// <summary>When the scenario's trouble begins, since the run's start.</summary>
    public required TimeSpan TroubleAfter { get; init; }

    /// <summary>How long the trouble of <see cref="ScenarioKind.Restart"/> lasts.</summary>
    public required TimeSpan TroubleFor { get; init; }

    /// <summary>How long a run is watched.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>Between two clients of a run.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>How often the scenarios are run, one run after the other.</summary>
    /// <value>Once: a run is minutes.</value>
    public int Runs { get; init; } = 1;

    /// <summary>How often latency and cost are measured.</summary>
    public required int Repeat { get; init; }

    /// <summary>The crowds whose load on the responder is counted.</summary>
    public required IReadOnlyList<int> Crowds { get; init; }

    /// <summary>How many new handshakes a measurement of their cost has.</summary>
    public required int Handshakes { get; init; }

    /// <summary>
    /// How many handshakes of each version come before those whose cost is measured, so that a runtime has compiled
    /// what it runs often.
    /// </summary>
    public required int WarmUp { get; init; }

    /// <summary>How long the parts of a fleet are killed by turns.</summary>
    public required TimeSpan FleetFor { get; init; }

    /// <summary>About how long a measurement takes with all servers and clients on two cores.</summary>
    public TimeSpan Estimate(Measurement measurement) =>
        measurement switch
        {
            Measurement.Latency => Repeat * TimeSpan.FromSeconds(8),
            Measurement.Load => TimeSpan.FromSeconds(10) + (Crowds.Sum() * TimeSpan.FromMilliseconds(80)),
            Measurement.Cost => Handshakes * Repeat * TimeSpan.FromMilliseconds(350),
            Measurement.Fleet => FleetFor + TimeSpan.FromSeconds(30),
            _ => TimeSpan.FromMinutes(4),
        };

    /// <summary>
    /// Under two minutes; too short to see nginx ask again, which it does after five minutes at the earliest.
    /// </summary>
    public static ComparisonPlan Quick { get; } =
        new()
        {
            Validity = TimeSpan.FromSeconds(30),
            Settle = TimeSpan.FromSeconds(6),
            TroubleAfter = TimeSpan.FromSeconds(14),
            TroubleFor = TimeSpan.FromSeconds(12),
            Length = TimeSpan.FromSeconds(50),
            Interval = TimeSpan.FromSeconds(1),
            Repeat = 2,
            Crowds = [1, 100],
            Handshakes = 50,
            WarmUp = 100,
            FleetFor = TimeSpan.FromSeconds(30),
        };

    /// <summary>
    /// Long enough that Kestrel and nginx ask again while their first answer is still good; Apache and Caddy do not
    /// look before an hour is over.
    /// </summary>
    public static ComparisonPlan Full { get; } =
        new()
        {
            Validity = TimeSpan.FromSeconds(420),
            Settle = TimeSpan.FromSeconds(10),
            TroubleAfter = TimeSpan.FromSeconds(30),
            TroubleFor = TimeSpan.FromSeconds(60),
            Length = TimeSpan.FromSeconds(480),
            Interval = TimeSpan.FromSeconds(3),
            Repeat = 5,
            Crowds = [1, 10, 100, 1000],
            Handshakes = 150,
            WarmUp = 500,
            FleetFor = TimeSpan.FromMinutes(2),
        };
}
