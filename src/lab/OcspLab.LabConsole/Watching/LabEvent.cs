namespace OcspLab.LabConsole.Watching;

/// <summary>Something that happened to the lab.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What.</param>
/// <param name="About">Of what: a fault's kind, a server's name, a number of clients; or empty.</param>
public sealed record LabEvent(DateTimeOffset At, LabEventKind Kind, string About = "");

/// <summary>What may happen.</summary>
public enum LabEventKind
{
    /// <summary>The certificate was revoked.</summary>
    Revoked,

    /// <summary>It is good again.</summary>
    Restored,

    /// <summary>The responder misbehaves from now on.</summary>
    FaultBegan,

    /// <summary>It does not any longer.</summary>
    FaultEnded,

    /// <summary>The responder's port was closed.</summary>
    ResponderClosed,

    /// <summary>It was opened.</summary>
    ResponderOpened,

    /// <summary>A server is another process than before.</summary>
    Restarted,

    /// <summary>A part of the fleet was killed.</summary>
    Killed,

    /// <summary>A server was asked to refresh its staples.</summary>
    Refreshed,

    /// <summary>Many clients came at once.</summary>
    Burst,

    /// <summary>A browser visited a server.</summary>
    Visited,

    /// <summary>Nobody shakes hands any longer.</summary>
    Paused,

    /// <summary>Somebody does again.</summary>
    Resumed,
}
