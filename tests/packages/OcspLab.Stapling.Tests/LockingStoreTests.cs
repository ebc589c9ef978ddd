using Medallion.Threading;
using Microsoft.Extensions.Logging.Testing;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>A lease that is a lock of the application's.</summary>
public sealed class LockingStoreTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(45);
    private readonly SteppedClock _clock = new(TestAuthority.Now);
    private readonly FakeLogger _log = new();
    private readonly ScriptedLocks _locks = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact, Trait("Rule", "S26")]
    public async Task Of_two_instances_one_has_it_until_it_gives_it_back()
    {
        var (first, second) = (Create(), Create());
        Assert.True(await first.TryAcquireLeaseAsync("a", Lease, Cancellation));
        Assert.False(await second.TryAcquireLeaseAsync("a", Lease, Cancellation));
        Assert.True(await second.TryAcquireLeaseAsync("b", Lease, Cancellation));
        await first.ReleaseLeaseAsync("a", Cancellation);
        Assert.True(await second.TryAcquireLeaseAsync("a", Lease, Cancellation));
    }

    [Fact, Trait("Rule", "S26")]
    public async Task It_ends_by_itself()
    {
        var (first, second) = (Create(), Create());
        Assert.True(await first.TryAcquireLeaseAsync("a", Lease, Cancellation));
        _clock.Advance(Lease);
        Assert.True(await second.TryAcquireLeaseAsync("a", Lease, Cancellation));
        // Late, and not the other's.
        await first.ReleaseLeaseAsync("a", Cancellation);
        Assert.False(await Create().TryAcquireLeaseAsync("a", Lease, Cancellation));
    }

    [Fact, Trait("Rule", "S26")]
    public async Task While_the_locks_fail_the_cache_decides_and_it_is_said_once()
    {
        var (first, second) = (Create(), Create());
        _locks.Fault = new IOException("refused");
        Assert.True(await AcquireAsync(first));
        Assert.False(await AcquireAsync(second));
        await first.ReleaseLeaseAsync("a", Cancellation);
        Assert.True(await AcquireAsync(second));
        Assert.Equal(2, _log.Collector.GetSnapshot().Count(record => record.Id.Name == "LocksFailed"));
        // Left alone more and more, and not for ever.
        var attempts = _locks.Attempts;
        Assert.InRange(attempts, 2, 4);
        _locks.Fault = null;
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.True(await first.TryAcquireLeaseAsync("b", Lease, Cancellation));
        Assert.Equal(attempts + 1, _locks.Attempts);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task Locks_that_fail_before_they_wait_are_no_failure_of_the_store()
    {
        _locks.Refusal = new InvalidOperationException("not configured");
        Assert.True(await AcquireAsync(Create()));
    }

    [Fact, Trait("Rule", "S26")]
    public async Task A_lock_that_comes_when_nobody_waits_any_more_is_given_back()
    {
        var store = Create();
        var late = new TaskCompletionSource();
        _locks.Gate = late.Task;
        var acquiring = AcquireAsync(store);
        Assert.True(await acquiring);
        late.SetResult();
        _locks.Gate = Task.CompletedTask;
        await Poll.UntilAsync(() => _locks is { Taken: 1, Held: 0 }, "it is taken, and given back");
    }

    private LockingStapleStore Create() =>
        new(
            new DistributedStapleStore(_cache ??= new CountingCache(_clock), _clock),
            _locks,
            LockPlace.Elsewhere,
            _clock,
            _log
        );

    private CountingCache? _cache;

    // The cache's own lease takes a quarter of a second.
    private async Task<bool> AcquireAsync(LockingStapleStore store)
    {
        var attempt = store.TryAcquireLeaseAsync("a", Lease, Cancellation).AsTask();
        await Poll.UntilAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromMilliseconds(250));
                return attempt.IsCompleted;
            },
            "an answer"
        );
        return await attempt;
    }

    private sealed class ScriptedLocks : IDistributedLockProvider
    {
        private readonly HashSet<string> _held = [];

        public Exception? Fault { get; set; }

        public Task Gate { get; set; } = Task.CompletedTask;

        public int Attempts { get; private set; }

        public int Held => _held.Count;

        public int Taken { get; private set; }

        /// <summary>What already making a lock throws.</summary>
        public Exception? Refusal { get; set; }

        public IDistributedLock CreateLock(string name) =>
            Refusal is null ? new ScriptedLock(this, name) : throw Refusal;

        private sealed class ScriptedLock(ScriptedLocks locks, string name) : IDistributedLock
        {
            public string Name => name;

            public async ValueTask<IDistributedSynchronizationHandle?> TryAcquireAsync(
                TimeSpan timeout = default,
                CancellationToken cancellationToken = default
            )
            {
                locks.Attempts++;
                await locks.Gate;
                if (locks.Fault is { } fault)
                    throw fault;
                if (!locks._held.Add(name))
                    return null;
                locks.Taken++;
                return new Handle(locks, name);
            }

            public IDistributedSynchronizationHandle Acquire(
                TimeSpan? timeout = null,
                CancellationToken cancellationToken = default
            ) => throw new NotSupportedException();

            public ValueTask<IDistributedSynchronizationHandle> AcquireAsync(
                TimeSpan? timeout = null,
                CancellationToken cancellationToken = default
            ) => throw new NotSupportedException();

            public IDistributedSynchronizationHandle? TryAcquire(
                TimeSpan timeout = default,
                CancellationToken cancellationToken = default
            ) => throw new NotSupportedException();
        }

        private sealed class Handle(ScriptedLocks locks, string name) : IDistributedSynchronizationHandle
        {
            public CancellationToken HandleLostToken => CancellationToken.None;

            public void Dispose() => locks._held.Remove(name);

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
