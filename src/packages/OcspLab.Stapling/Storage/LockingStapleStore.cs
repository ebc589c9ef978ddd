using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Medallion.Threading;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// A store whose lease is a lock of an <see cref="IDistributedLockProvider"/>.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="locks">The locks.</param>
/// <param name="place">Where they are.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">Where it is said that the locks fail.</param>
internal sealed class LockingStapleStore(
    IStapleStore store,
    IDistributedLockProvider locks,
    LockPlace place,
    TimeProvider clock,
    ILogger logger
) : IStapleStore
{
    private readonly ConcurrentDictionary<string, Held> _held = new(StringComparer.Ordinal);
    private readonly Outage _outage = new(clock);

    public bool IsShared => store.IsShared;

    public async ValueTask<bool> TryAcquireLeaseAsync(
        string certificate,
        TimeSpan duration,
        CancellationToken cancellationToken
    ) =>
        await TryLockAsync(certificate, duration, cancellationToken).ConfigureAwait(false)
        ?? await store.TryAcquireLeaseAsync(certificate, duration, cancellationToken).ConfigureAwait(false);

    public async ValueTask ReleaseLeaseAsync(string certificate, CancellationToken cancellationToken)
    {
        if (_held.TryRemove(certificate, out var held))
            await held.DisposeAsync().ConfigureAwait(false);
        else
            await store.ReleaseLeaseAsync(certificate, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
        store.LoadAsync(certificate, cancellationToken);

    public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) =>
        store.SaveAsync(certificate, staple, cancellationToken);

    public ValueTask<DateTimeOffset?> LoadNextRefreshAsync(string certificate, CancellationToken cancellationToken) =>
        store.LoadNextRefreshAsync(certificate, cancellationToken);

    public ValueTask SaveNextRefreshAsync(string certificate, DateTimeOffset at, CancellationToken cancellationToken) =>
        store.SaveNextRefreshAsync(certificate, at, cancellationToken);

    public ValueTask<byte[]?> LoadIssuerAsync(string certificate, CancellationToken cancellationToken) =>
        store.LoadIssuerAsync(certificate, cancellationToken);

    public ValueTask SaveIssuerAsync(
        string certificate,
        ReadOnlyMemory<byte> issuer,
        CancellationToken cancellationToken
    ) => store.SaveIssuerAsync(certificate, issuer, cancellationToken);

    public ValueTask SweepAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        store.SweepAsync(now, cancellationToken);

    /// <returns>Whether it has the lock; null where nobody can say.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The boundary to locks that anybody may write.")]
    private async Task<bool?> TryLockAsync(string certificate, TimeSpan duration, CancellationToken cancellationToken)
    {
        var isProbe = false;
        if (place == LockPlace.Elsewhere && !_outage.MayTry(out isProbe))
            return null;
        var attempt = AcquireAsync(certificate, cancellationToken);
        try
        {
            var acquired = await attempt.WaitAsync(Timeout, clock, cancellationToken).ConfigureAwait(false);
            _outage.End();
            if (acquired is not { } handle)
                return false;
            Keep(certificate, handle, duration);
            return true;
        }
        catch (Exception exception)
        {
            _ = GiveBackAsync(attempt);
            // Where the store itself is away nobody can say; two kinds of leases at a time would be none.
            if (place == LockPlace.Store || cancellationToken.IsCancellationRequested)
                throw;
            if (_outage.Begin(isProbe))
                logger.LocksFailed(
                    exception is TimeoutException ? $"no answer within {Timeout.TotalSeconds} s" : exception.Message
                );
            return null;
        }
    }

    // What a provider throws before it awaits anything is its failure as well.
    private async Task<IDistributedSynchronizationHandle?> AcquireAsync(
        string certificate,
        CancellationToken cancellationToken
    ) =>
        await locks
            .CreateLock($"ocsp-fetch:{certificate}")
            .TryAcquireAsync(TimeSpan.Zero, cancellationToken)
            .ConfigureAwait(false);

    // A provider keeps its lock for as long as the process lives; a lease ends by itself.
    private void Keep(string certificate, IDistributedSynchronizationHandle handle, TimeSpan duration)
    {
        var held = new Held(handle);
        _held[certificate] = held;
        held.Timer = clock.CreateTimer(
            _ =>
            {
                if (_held.TryRemove(new KeyValuePair<string, Held>(certificate, held)))
                    _ = held.DisposeAsync().AsTask();
            },
            null,
            duration,
            System.Threading.Timeout.InfiniteTimeSpan
        );
    }

    // What comes when nobody waits for it any more.
    [SuppressMessage("Design", "CA1031", Justification = "It was given up already; its failure was told.")]
    private static async Task GiveBackAsync(Task<IDistributedSynchronizationHandle?> attempt)
    {
        try
        {
            if (await attempt.ConfigureAwait(false) is { } handle)
                await handle.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Nobody waits for it, and a lock that was not had needs no giving back.
        }
    }

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private sealed class Held(IDistributedSynchronizationHandle handle) : IAsyncDisposable
    {
        public ITimer? Timer { get; set; }

        public async ValueTask DisposeAsync()
        {
            if (Timer is { } timer)
                await timer.DisposeAsync().ConfigureAwait(false);
            await handle.DisposeAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>Where the locks of a fleet are.</summary>
internal enum LockPlace
{
    /// <summary>Elsewhere: while they fail, the lease is what the store itself gives.</summary>
    Elsewhere,

    /// <summary>At the store's own server: it is away when they are.</summary>
    Store,
}
