using Microsoft.Extensions.Time.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>A clock that tests move, and whose wall clock can be set apart from it.</summary>
internal sealed class SteppedClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private long _offset;

    /// <summary>
    /// Moves the wall clock alone, as when somebody sets it: timers and timestamps know nothing of it.
    /// </summary>
    public void Step(TimeSpan step) => Interlocked.Add(ref _offset, step.Ticks);

    /// <summary>The time, whatever the wall clock says.</summary>
    public DateTimeOffset True => base.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
