using OcspLab.Stapling.Fleets;
using OcspLab.Testing;

namespace OcspLab.Stapling.PostgreSql.Tests;

/// <inheritdoc/>
[Collection(nameof(PostgresFleetLoadTests))]
[CollectionDefinition(nameof(PostgresFleetLoadTests), DisableParallelization = true)]
public sealed class PostgresFleetLoadTests : FleetLoadTests
{
    protected override async Task<StoreServer> StartStoreAsync() =>
        new PostgresStore(await PostgresServer.StartAsync());

    // Each instance comes back with processes of its own at the server.
    protected override TimeSpan Calm => TimeSpan.FromSeconds(12);
}

/// <inheritdoc/>
public sealed class PostgresStoreOutageTests : StoreOutageTests
{
    protected override async Task<StoreServer> StartStoreAsync() =>
        new PostgresStore(await PostgresServer.StartAsync());
}

/// <inheritdoc/>
public sealed class PostgresStorePartitionTests : StorePartitionTests
{
    protected override async Task<StoreServer> StartStoreAsync() =>
        new PostgresStore(await PostgresServer.StartAsync());
}

/// <inheritdoc/>
public sealed class PostgresSharedStapleTests : SharedStapleTests
{
    protected override async Task<StoreServer> StartStoreAsync() =>
        new PostgresStore(await PostgresServer.StartAsync());
}
