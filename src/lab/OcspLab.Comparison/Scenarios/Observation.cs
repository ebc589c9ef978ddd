namespace OcspLab.Comparison.Scenarios;

/// <summary>What a client saw at a moment.</summary>
/// <param name="At">Since the lane's start.</param>
/// <param name="Kind">In a word.</param>
/// <param name="Detail">The reason, where there is one.</param>
/// <param name="Until">The staple's nextUpdate, since the lane's start, where it verified.</param>
public sealed record Observation(TimeSpan At, Seen Kind, string? Detail = null, TimeSpan? Until = null);

/// <summary>What a client may see.</summary>
public enum Seen
{
    /// <summary>A verified staple that says good.</summary>
    Good,

    /// <summary>A verified staple that says revoked.</summary>
    Revoked,

    /// <summary>No staple.</summary>
    Unstapled,

    /// <summary>A staple past its nextUpdate.</summary>
    Expired,

    /// <summary>A staple that no client may believe.</summary>
    Wrong,

    /// <summary>No handshake.</summary>
    Refused,
}

/// <summary>One server through one run of a scenario.</summary>
/// <param name="Server">The server's name.</param>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Kind">What the scenario is about.</param>
/// <param name="Observations">What clients saw, in order.</param>
/// <param name="Requests">When the responder was asked about this server's certificate, since the lane's start, and how it answered.</param>
/// <param name="Begun">When the scenario's trouble began.</param>
/// <param name="Ended">When it ended, or null when it stayed.</param>
public sealed record LaneResult(string Server, string Scenario, ScenarioKind Kind, IReadOnlyList<Observation> Observations, IReadOnlyList<LaneRequest> Requests, TimeSpan Begun, TimeSpan? Ended)
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

/// <summary>A question to the responder.</summary>
/// <param name="At">Since the lane's start.</param>
/// <param name="Outcome">How it was answered.</param>
/// <param name="Fault">The fault that was in force, or null.</param>
public sealed record LaneRequest(TimeSpan At, string Outcome, string? Fault);
