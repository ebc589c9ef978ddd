using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;

namespace OcspLab.Stapling.Tests;

/// <summary>A cache in memory on the test's clock that counts what is asked of it.</summary>
internal sealed class CountingCache(TimeProvider clock) : IDistributedCache
{
    private readonly MemoryDistributedCache _cache = new(
        Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions { Clock = new CacheClock(clock) })
    );
    private readonly ConcurrentQueue<string> _reads = new();
    private int _removals;

    public int Removals => Volatile.Read(ref _removals);

    public int Reads(string what) => _reads.Count(key => key.Contains(what, StringComparison.Ordinal));

    public byte[]? Get(string key) => throw new NotSupportedException();

    public Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        _reads.Enqueue(key);
        return _cache.GetAsync(key, token);
    }

    public void Refresh(string key) => throw new NotSupportedException();

    public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

    public void Remove(string key) => throw new NotSupportedException();

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        await _cache.RemoveAsync(key, token);
        Interlocked.Increment(ref _removals);
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) =>
        throw new NotSupportedException();

    public Task SetAsync(
        string key,
        byte[] value,
        DistributedCacheEntryOptions options,
        CancellationToken token = default
    ) => _cache.SetAsync(key, value, options, token);

#pragma warning disable CS0618, EXTEXP0018 // The memory cache's clock predates TimeProvider.
    private sealed class CacheClock(TimeProvider clock) : Microsoft.Extensions.Internal.ISystemClock
    {
        public DateTimeOffset UtcNow => clock.GetUtcNow();
    }
#pragma warning restore
}
