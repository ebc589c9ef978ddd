using StackExchange.Redis;

namespace OcspLab.Stapling.Redis;

/// <summary>
/// The connection that store, locks and channel share. It is made when the first of them needs it: an application
/// starts without its Redis. Thread-safe.
/// </summary>
/// <param name="connect">Makes it.</param>
/// <param name="owns">Whether it is closed with the application.</param>
internal sealed class RedisConnection(Func<Task<IConnectionMultiplexer>> connect, bool owns) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<IConnectionMultiplexer>? _connecting;

    /// <summary>The connection; where it could not be made, it is tried again.</summary>
    public Task<IConnectionMultiplexer> GetAsync()
    {
        lock (_gate)
            return _connecting is null or { IsFaulted: true } or { IsCanceled: true }
                ? _connecting = connect()
                : _connecting;
    }

    public async ValueTask DisposeAsync()
    {
        if (!owns || _connecting is not { } connecting)
            return;
        // Also one that is still being made: it ends in a few seconds.
        await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connecting.IsCompletedSuccessfully)
            await connecting.Result.DisposeAsync().ConfigureAwait(false);
    }
}
