using Microsoft.Extensions.Time.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>A clock that tests move, and that knows how many sleep by it: before it moves again all should.</summary>
internal sealed class QuietClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private int _sleepers;
    private long _offset;

    /// <summary>How many wait for a time that is far off; deadlines and short polls do not count.</summary>
    public int Sleepers => Volatile.Read(ref _sleepers);

    /// <summary>
    /// Moves the wall clock alone, as when somebody sets it: timers and timestamps know nothing of it.
    /// </summary>
    public void Step(TimeSpan step) => Interlocked.Add(ref _offset, step.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        dueTime > LongestPoll && dueTime != StoreTimeout
            ? new CountedTimer(this, base.CreateTimer(callback, state, dueTime, period))
            : base.CreateTimer(callback, state, dueTime, period);

    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(5);

    private sealed class CountedTimer : ITimer
    {
        private readonly QuietClock _clock;
        private readonly ITimer _inner;
        private int _isOver;

        public CountedTimer(QuietClock clock, ITimer inner)
        {
            _clock = clock;
            _inner = inner;
            Interlocked.Increment(ref clock._sleepers);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => _inner.Change(dueTime, period);

        public void Dispose()
        {
            End();
            _inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            End();
            return _inner.DisposeAsync();
        }

        // Whoever sleeps by a task disposes of its timer when it wakes.
        private void End()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
                Interlocked.Decrement(ref _clock._sleepers);
        }
    }
}
