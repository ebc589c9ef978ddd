using Medallion.Threading;
using Medallion.Threading.Postgres;
using Npgsql;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Presigning;

/// <summary>
/// Which of several responders signs ahead for an authority: who has an advisory lock of the database that they share.
/// It is another's as soon as its holder's connection is gone. For one caller at a time.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="authority">The authority, called the same on every machine.</param>
internal sealed class PresigningLease(NpgsqlDataSource database, string authority) : IAsyncDisposable
{
    private readonly PostgresDistributedLock _lock = new(
        new PostgresAdvisoryLockKey($"ocsp-presigning:{authority}", allowHashing: true),
        database
    );
    private IDistributedSynchronizationHandle? _handle;

    /// <summary>Whether it is this one's; takes it where it is nobody's.</summary>
    /// <exception cref="IOException">The database cannot be asked.</exception>
    public async ValueTask<bool> HoldAsync(CancellationToken cancellationToken)
    {
        if (_handle is { } held)
        {
            if (!held.HandleLostToken.IsCancellationRequested)
                return true;
            await DisposeAsync().ConfigureAwait(false);
        }

        try
        {
            _handle = await _lock.TryAcquireAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            // From its first use on the connection is watched.
            return _handle is { HandleLostToken.IsCancellationRequested: false };
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or InvalidOperationException)
        {
            throw PostgresDataSource.Fault(exception);
        }
    }

    /// <summary>Gives it back.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _handle, null) is not { } handle)
            return;
        try
        {
            await handle.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or InvalidOperationException)
        {
            // The connection is gone, and the lock with it.
        }
    }
}
