using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Fleets;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Scenarios;

namespace OcspLab.Comparison.Results;

/// <summary>Everything that a comparison saw; what it means is another matter.</summary>
/// <param name="At">When it began.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Validity">How long the responder's responses were valid in the scenarios.</param>
/// <param name="Runs">How often the scenarios were to be run; one that was ended early has fewer runs.</param>
/// <param name="Servers">Who took part.</param>
/// <param name="Missing">Who could not.</param>
/// <param name="Scenarios">What happened.</param>
public sealed record ComparisonResult(
    DateTimeOffset At,
    TimeSpan Took,
    TimeSpan Validity,
    int Runs,
    IReadOnlyList<ComparedProgram> Servers,
    IReadOnlyList<MissingProgram> Missing,
    IReadOnlyList<ComparedSituation> Scenarios
)
{
    /// <summary>What was seen in the scenarios.</summary>
    public IReadOnlyList<ScenarioRunResult> ScenarioRuns { get; init; } = [];

    /// <summary>How long clients waited for the status.</summary>
    public IReadOnlyList<Latency> Latencies { get; init; } = [];

    /// <summary>What the responder was asked for crowds of clients.</summary>
    public IReadOnlyList<CrowdLoad> Loads { get; init; } = [];

    /// <summary>What handshakes cost the servers.</summary>
    public IReadOnlyList<HandshakeCost> Costs { get; init; } = [];

    /// <summary>What clients made of staples, or null where they were not asked.</summary>
    public ClientMatrix? Clients { get; init; }

    /// <summary>What a fleet's clients saw, or null where there was none.</summary>
    public FleetReport? Fleet { get; init; }

    /// <summary>Whether somebody ended it early: then it is what was seen until then.</summary>
    public bool IsCutShort { get; init; }

    /// <summary>What could not be seen or measured, and why.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];
}
