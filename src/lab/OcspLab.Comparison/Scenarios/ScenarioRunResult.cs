using OcspLab.Comparison.Planning;
using OcspLab.Lab.Timelines;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Comparison.Scenarios;

/// <summary>One server through one run of a scenario.</summary>
/// <param name="Server">The server's name.</param>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Kind">What the scenario is about.</param>
/// <param name="Observations">What clients saw, in order.</param>
/// <param name="Requests">What the responder was asked about this server's certificate, and how it responded.</param>
/// <param name="Begun">When the scenario's trouble began, since the run's start.</param>
/// <param name="Ended">When it ended, or null when it stayed.</param>
public sealed record ScenarioRunResult(
    string Server,
    string Scenario,
    ScenarioKind Kind,
    IReadOnlyList<Observation> Observations,
    IReadOnlyList<ResponderRequest> Requests,
    TimeSpan Begun,
    TimeSpan? Ended
)
{
    /// <summary>Which of the scenario's runs.</summary>
    /// <value>From 1.</value>
    public int Run { get; init; } = 1;

    /// <summary>How many of <see cref="Requests"/> came before the first client.</summary>
    public int BeforeClients { get; init; }

    /// <summary>Why there is nothing to see, or null.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether somebody ended it early: then it is shown, and not judged.</summary>
    public bool IsCutShort { get; init; }
}

/// <summary>A request to the responder.</summary>
/// <param name="At">Since the run's start.</param>
/// <param name="Outcome">How it was responded to.</param>
/// <param name="Fault">The fault that was in force, or null.</param>
public sealed record ResponderRequest(TimeSpan At, ResponseOutcome Outcome, string? Fault);
