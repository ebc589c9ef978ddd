using OcspLab.Stapling.Fleets;
using OcspLab.Testing;

namespace OcspLab.Stapling.Redis.Tests;

/// <inheritdoc/>
[Collection(nameof(RedisFleetLoadTests))]
[CollectionDefinition(nameof(RedisFleetLoadTests), DisableParallelization = true)]
public sealed class RedisFleetLoadTests : FleetLoadTests
{
    protected override async Task<StoreServer> StartStoreAsync() => new RedisStore(await RedisServer.StartAsync());

    protected override TimeSpan Calm => TimeSpan.FromSeconds(4);
}

/// <inheritdoc/>
public sealed class RedisStoreOutageTests : StoreOutageTests
{
    protected override async Task<StoreServer> StartStoreAsync() => new RedisStore(await RedisServer.StartAsync());
}

/// <inheritdoc/>
public sealed class RedisStorePartitionTests : StorePartitionTests
{
    protected override async Task<StoreServer> StartStoreAsync() => new RedisStore(await RedisServer.StartAsync());
}

/// <inheritdoc/>
public sealed class RedisSharedStapleTests : SharedStapleTests
{
    protected override async Task<StoreServer> StartStoreAsync() => new RedisStore(await RedisServer.StartAsync());
}
