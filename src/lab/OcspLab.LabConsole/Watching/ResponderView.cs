using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;

namespace OcspLab.LabConsole.Watching;

/// <summary>What the responder says of itself and of the site's certificate.</summary>
/// <param name="IsReached">Whether it answers.</param>
/// <param name="Port">Whether its OCSP port is open.</param>
/// <param name="Faults">In which ways it misbehaves on purpose.</param>
/// <param name="RevokedAt">Since when the certificate is revoked, or null.</param>
/// <param name="ChangedAt">When that changed last, or null.</param>
public sealed record ResponderView(
    bool IsReached,
    PortState Port,
    IReadOnlyList<Fault> Faults,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? ChangedAt
)
{
    /// <summary>Before it was asked.</summary>
    public static ResponderView Unknown { get; } = new(false, PortState.Stopped, [], null, null);

    /// <summary>
    /// What happened between two looks that reached it. What was last known is kept while it is not reached, so that
    /// a look that failed in between loses none of it.
    /// </summary>
    public static IEnumerable<LabEvent> Compare(ResponderView before, ResponderView after, DateTimeOffset now)
    {
        if (before == Unknown || !after.IsReached)
            yield break;
        if (before.Port != after.Port)
            yield return new LabEvent(
                now,
                after.Port == PortState.Started ? LabEventKind.ResponderOpened : LabEventKind.ResponderClosed
            );
        if (before.RevokedAt is null && after.RevokedAt is { } revoked)
            yield return new LabEvent(Earlier(revoked, now), LabEventKind.Revoked);
        if (before.RevokedAt is not null && after.RevokedAt is null)
            yield return new LabEvent(now, LabEventKind.Restored);
        foreach (var fault in after.Faults.ExceptBy(before.Faults.Select(KeyOf), KeyOf))
            yield return new LabEvent(Earlier(fault.Since, now), LabEventKind.FaultBegan, NameOf(fault));
        foreach (var fault in before.Faults.ExceptBy(after.Faults.Select(KeyOf), KeyOf))
            yield return new LabEvent(now, LabEventKind.FaultEnded, NameOf(fault));
    }

    // A responder that was started again numbers its faults from 1 again.
    private static (long Id, DateTimeOffset Since) KeyOf(Fault fault) => (fault.Id, fault.Since);

    // What the responder says of it is nearer to the truth than when it was noticed.
    private static DateTimeOffset Earlier(DateTimeOffset told, DateTimeOffset noticed) =>
        told <= noticed ? told : noticed;

    private static string NameOf(Fault fault) => Lab.Commands.LabCommands.FaultName(fault.Kind);
}
