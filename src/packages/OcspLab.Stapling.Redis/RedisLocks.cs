using Medallion.Threading;
using Medallion.Threading.Redis;

namespace OcspLab.Stapling.Redis;

/// <summary>The locks of Redis, over a connection that is made with the first of them.</summary>
/// <param name="connection">The connection.</param>
/// <param name="prefix">What their keys begin with.</param>
internal sealed class RedisLocks(RedisConnection connection, string prefix) : IDistributedLockProvider
{
    // The engine asks on a thread that may block, and for a store's value before.
    public IDistributedLock CreateLock(string name) =>
        new RedisDistributedLock(
            prefix + name,
            connection.GetAsync().GetAwaiter().GetResult().GetDatabase()
        );
}
