namespace OcspLab.Stapling.Status;

/// <summary>Whether the staples that the engine holds reach handshakes. Thread-safe.</summary>
internal sealed class HandOffStatus
{
    private volatile HandOffState _state = new(HandOffMode.Verified, null);

    /// <summary>How staples reach handshakes, and why not where they do not.</summary>
    public HandOffState State => _state;

    /// <summary>Whether handshakes get verified staples.</summary>
    public bool IsWorking => _state.Mode is HandOffMode.Verified or HandOffMode.Unproven;

    /// <summary>From now on they do not; the first reason stays.</summary>
    public void GiveUp(HandOffMode mode, string reason)
    {
        if (IsWorking)
            _state = new HandOffState(mode, reason);
    }
}

/// <summary>How staples reach handshakes.</summary>
/// <param name="Mode">Whether verified ones do.</param>
/// <param name="Obstacle">Why not, or why it is not known; null where they do.</param>
internal sealed record HandOffState(HandOffMode Mode, string? Obstacle);

/// <summary>What stapling this process can do.</summary>
internal enum HandOffMode
{
    /// <summary>Handshakes are given verified staples.</summary>
    Verified,

    /// <summary>They are, and whether they arrive could not be tried out.</summary>
    Unproven,

    /// <summary>
    /// The runtime takes no staples any more, or Kestrel has changed inside: the runtime's own stapling stays in force.
    /// </summary>
    RuntimeOwn,

    /// <summary>The platform takes no staples from outside.</summary>
    Unsupported,
}
