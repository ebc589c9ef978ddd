using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Planning;

namespace OcspLab.Comparison.Findings;

/// <summary>What a verdict rests on, as data; the reports put it into words.</summary>
public abstract record Evidence;

/// <summary>Why there is nothing that a verdict could rest on.</summary>
public enum UnseenReason
{
    /// <summary>Nobody looked.</summary>
    NotRun,

    /// <summary>The comparison ended before it could be seen.</summary>
    EndedEarly,

    /// <summary>The server loses its staple with nothing in its way, too.</summary>
    LostUndisturbed,

    /// <summary>Some of the clients were not asked.</summary>
    ClientsMissing,
}

/// <summary>Nothing was seen.</summary>
/// <param name="Reason">Why.</param>
public sealed record UnseenEvidence(UnseenReason Reason) : Evidence;

/// <summary>It was late only because of an interval that is longer than answers lasted.</summary>
/// <param name="Interval">The interval.</param>
internal sealed record IntervalEvidence(FixedInterval Interval) : Evidence;

/// <summary>What every run of a scenario says.</summary>
/// <param name="Remarks">One of every run.</param>
internal sealed record RunEvidence(IReadOnlyList<RunRemark> Remarks) : Evidence;

/// <summary>A fault that was looked for and not seen.</summary>
/// <param name="Scenarios">In how many scenarios.</param>
/// <param name="Runs">How often each of them was run.</param>
internal sealed record FaultlessEvidence(int Scenarios, int Runs) : Evidence;

/// <summary>Faults that were seen.</summary>
/// <param name="Faults">Each of them once.</param>
/// <param name="Scenarios">In how many scenarios they were looked for.</param>
internal sealed record FaultEvidence(IReadOnlyList<Fault> Faults, int Scenarios) : Evidence;

/// <summary>One fault, wherever it was seen.</summary>
/// <param name="Remarks">One of every run that shows it, in the same words.</param>
/// <param name="Scenarios">The scenarios in which it was seen.</param>
/// <param name="Runs">How many runs of these scenarios there were.</param>
internal sealed record Fault(IReadOnlyList<RemarkText> Remarks, IReadOnlyList<string> Scenarios, int Runs);

/// <summary>How long clients wait for a handshake with the status.</summary>
/// <param name="Pairs">One of every distance to the responder.</param>
internal sealed record LatencyEvidence(IReadOnlyList<LatencyPair> Pairs) : Evidence;

/// <summary>What clients wait at one distance to the responder.</summary>
/// <param name="RoundTrip">The distance, there and back.</param>
/// <param name="Stapled">Milliseconds with a staple.</param>
/// <param name="Asking">Milliseconds when the client asks.</param>
internal sealed record LatencyPair(TimeSpan RoundTrip, double Stapled, double Asking);

/// <summary>Whom the responder comes to know.</summary>
/// <param name="Stapled">The servers that staple.</param>
/// <param name="Asking">The clients that ask.</param>
internal sealed record PrivacyEvidence(IReadOnlyList<CrowdLoad> Stapled, CrowdLoad Asking) : Evidence;

/// <summary>How often the responder is asked.</summary>
/// <param name="Stapled">The servers that staple.</param>
/// <param name="Asking">The clients that ask.</param>
internal sealed record LoadEvidence(IReadOnlyList<CrowdLoad> Stapled, CrowdLoad Asking) : Evidence;

/// <summary>Who still connects while the responder is down.</summary>
/// <param name="Clients">How many clients were asked.</param>
/// <param name="ConnectStapled">How many connect with a staple.</param>
/// <param name="ConnectUnstapled">How many connect without.</param>
/// <param name="Lost">Who connects without a staple as long as the responder is up.</param>
internal sealed record OutageEvidence(int Clients, int ConnectStapled, int ConnectUnstapled, IReadOnlyList<string> Lost)
    : Evidence;
