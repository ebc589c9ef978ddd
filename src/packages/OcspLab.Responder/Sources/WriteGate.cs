using System.Threading.RateLimiting;

namespace OcspLab.Responder.Sources;

/// <summary>
/// Lets one change through after another, so that however many wait for a locked database, one thread waits. Who comes
/// when many wait already is refused at once. Thread-safe.
/// </summary>
internal sealed class WriteGate(TimeProvider clock) : IDisposable
{
    private readonly ConcurrencyLimiter _turns = new(
        new ConcurrencyLimiterOptions
        {
            PermitLimit = 1,
            QueueLimit = MaximumWaiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        }
    );

    /// <summary>Carries out a change that may block.</summary>
    /// <exception cref="IOException">It was not its turn in time; nothing was changed.</exception>
    public async Task<T> RunAsync<T>(Func<T> change, CancellationToken cancellationToken)
    {
        using var turn = await _turns.TryEnterAsync(Patience, clock, cancellationToken).ConfigureAwait(false);
        return turn.IsAcquired
            ? await Task.Run(change, CancellationToken.None).ConfigureAwait(false)
            : throw new IOException("the database is busy: other changes are waiting for it");
    }

    public void Dispose() => _turns.Dispose();

    private const int MaximumWaiting = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
}
