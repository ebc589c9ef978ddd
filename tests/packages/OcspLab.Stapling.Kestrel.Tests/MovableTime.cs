namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>The real clock's pace and timers, from a date of the test's on, with jumps.</summary>
internal sealed class MovableTime(DateTimeOffset start) : TimeProvider
{
    private readonly long _started = System.GetTimestamp();
    private TimeSpan _jumped;

    public void Jump(TimeSpan time) => _jumped += time;

    public override DateTimeOffset GetUtcNow() => start + System.GetElapsedTime(_started) + _jumped;
}
