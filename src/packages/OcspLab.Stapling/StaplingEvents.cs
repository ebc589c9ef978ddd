using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling;

/// <summary>
/// What an application wants to be told. The handlers of one certificate run one after the other, in the order of
/// events, and never hold up refreshing; what one throws is logged and harms nobody. One that takes more than a minute
/// is not waited for any longer.
/// </summary>
public sealed class StaplingEvents
{
    /// <summary>
    /// A certificate of the server was revoked, as an authentic response says. Told once in a run, also when a stored
    /// response says so at start. An ACME client can renew it at once.
    /// </summary>
    public Func<StaplingEvent, Task> OnRevoked { get; set; } = _ => Task.CompletedTask;

    /// <summary>
    /// Handshakes get another staple than before, or none any more. The same response fetched again is no change.
    /// </summary>
    public Func<StapleChangedEvent, Task> OnStapleChanged { get; set; } = _ => Task.CompletedTask;

    /// <summary>
    /// A refresh has failed; <see cref="StapleStatus.LastDetail"/> says why and <see cref="StapleStatus.Failures"/> for
    /// how many times in a row.
    /// </summary>
    public Func<StaplingEvent, Task> OnRefreshFailed { get; set; } = _ => Task.CompletedTask;
}

/// <summary>Something happened to a certificate.</summary>
public class StaplingEvent
{
    /// <summary>What is held for the certificate, as it was then.</summary>
    public required StapleStatus Status { get; init; }

    /// <summary>The application's services.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>Cancelled when the host stops.</summary>
    public CancellationToken Stopping { get; init; }
}

/// <summary>What handshakes get has changed.</summary>
public sealed class StapleChangedEvent : StaplingEvent
{
    /// <summary>The staple before, or null.</summary>
    public VerifiedStaple? Previous { get; init; }

    /// <summary>The staple now, or null.</summary>
    public VerifiedStaple? Current { get; init; }
}
