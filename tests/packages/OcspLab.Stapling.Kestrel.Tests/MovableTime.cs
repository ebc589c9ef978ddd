namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>
/// The real clock's pace and timers, from a date of the test's on, with jumps; what happens every minute happens every
/// second.
/// </summary>
internal sealed class MovableTime(DateTimeOffset start) : TimeProvider
{
    private readonly long _started = System.GetTimestamp();
    private TimeSpan _jumped;
    private TimeSpan _passed;

    /// <summary>The wall clock alone is set ahead.</summary>
    public void Jump(TimeSpan time) => _jumped += time;

    /// <summary>Time passes by every clock.</summary>
    public void Pass(TimeSpan time)
    {
        _jumped += time;
        _passed += time;
    }

    public override DateTimeOffset GetUtcNow() => start + System.GetElapsedTime(_started) + _jumped;

    public override long GetTimestamp() =>
        System.GetTimestamp() + (long)(_passed.TotalSeconds * System.TimestampFrequency);

    public override long TimestampFrequency => System.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        period == Minute
            ? System.CreateTimer(callback, state, Second, Second)
            : System.CreateTimer(callback, state, dueTime, period);

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
}
