using System.Collections.Concurrent;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Tests;

/// <summary>
/// A store that instances share, in memory: it answers at once, and keeps whatever a test puts there.
/// </summary>
internal sealed class MemoryStore : IStapleStore
{
    private readonly ConcurrentQueue<TimeSpan> _taken = new();
    private int _tries;
    private readonly ConcurrentDictionary<string, bool> _leases = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, byte[]> Responses { get; } = new(StringComparer.Ordinal);

    /// <summary>How often somebody wanted a lease.</summary>
    public int Tries => Volatile.Read(ref _tries);

    /// <summary>For how long leases were given.</summary>
    public IReadOnlyCollection<TimeSpan> Leases => _taken;

    public ConcurrentDictionary<string, DateTimeOffset> NextRefreshes { get; } = new(StringComparer.Ordinal);

    public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
        new(Responses.GetValueOrDefault(certificate));

    public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken)
    {
        Responses[certificate] = staple.Encoded.ToArray();
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> TryAcquireLeaseAsync(
        string certificate,
        TimeSpan duration,
        CancellationToken cancellationToken
    )
    {
        Interlocked.Increment(ref _tries);
        if (!_leases.TryAdd(certificate, true))
            return new(false);
        _taken.Enqueue(duration);
        return new(true);
    }

    public ValueTask ReleaseLeaseAsync(string certificate, CancellationToken cancellationToken)
    {
        _leases.TryRemove(certificate, out _);
        return ValueTask.CompletedTask;
    }

    public ValueTask<DateTimeOffset?> LoadNextRefreshAsync(string certificate, CancellationToken cancellationToken) =>
        new(NextRefreshes.TryGetValue(certificate, out var at) ? at : null);

    public ValueTask SaveNextRefreshAsync(string certificate, DateTimeOffset at, CancellationToken cancellationToken)
    {
        NextRefreshes[certificate] = at;
        return ValueTask.CompletedTask;
    }
}
