namespace OcspLab.Responder.Responding;

/// <summary>Notices that the clock was set back, by the one that cannot be. Not thread-safe.</summary>
/// <param name="clock">Both of them.</param>
internal sealed class ClockWatch(TimeProvider clock)
{
    private DateTimeOffset _time = clock.GetUtcNow();
    private long _timestamp = clock.GetTimestamp();

    /// <summary>Whether it was, since the last call, by more than a clock that is kept right is corrected by.</summary>
    /// <param name="by">How far.</param>
    public bool WasSetBack(out TimeSpan by)
    {
        var time = clock.GetUtcNow();
        var timestamp = clock.GetTimestamp();
        by = _time + clock.GetElapsedTime(_timestamp, timestamp) - time;
        _time = time;
        _timestamp = timestamp;
        return by > Tolerance;
    }

    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);
}
