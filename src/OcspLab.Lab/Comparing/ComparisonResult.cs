namespace OcspLab.Lab;

/// <summary>Everything that a comparison saw; the reports are made of it.</summary>
/// <param name="At">When it began.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Validity">How long the responder's answers lasted.</param>
/// <param name="Servers">Who took part.</param>
/// <param name="Missing">Who could not.</param>
/// <param name="Scenarios">What happened.</param>
/// <param name="Lanes">What was seen.</param>
public sealed record ComparisonResult(
    DateTimeOffset At, TimeSpan Took, TimeSpan Validity, IReadOnlyList<ComparedServer> Servers, IReadOnlyList<MissingServer> Missing, IReadOnlyList<ComparedScenario> Scenarios, IReadOnlyList<LaneResult> Lanes)
{
    /// <summary>What follows from it, server by server.</summary>
    public IReadOnlyList<Finding> Findings => [.. Servers.SelectMany(server => Finding.Of(server.Name, this))];
}

/// <summary>A server that took part.</summary>
/// <param name="Name">One word.</param>
/// <param name="Version">What it says of itself.</param>
/// <param name="Setting">How it was set up.</param>
public sealed record ComparedServer(string Name, string Version, string Setting);

/// <summary>A server that could not.</summary>
/// <param name="Name">One word.</param>
/// <param name="Reason">Why.</param>
public sealed record MissingServer(string Name, string Reason);

/// <summary>A scenario of the comparison.</summary>
/// <param name="Name">One word.</param>
/// <param name="Title">What happens.</param>
public sealed record ComparedScenario(string Name, string Title);
