using OcspLab.Testing;

namespace OcspLab.Stapling.Fleets;

/// <summary>What an instance does that cannot reach the store of the others.</summary>
public abstract class StorePartitionTests : FleetBench
{
    [Fact, Trait("Rule", "S26")]
    public async Task An_instance_that_cannot_reach_the_store_goes_on_alone()
    {
        await using var relay = new TcpRelay(Store.Port);
        await using var fleet = await Fleet.StartAsync(Store, 2, 2, Lifetime);
        await fleet.AddAsync(relay.Port);
        relay.IsCut = true;
        // Two certificates by the one that is cut off and by the two others together.
        Assert.InRange(await fleet.WatchAsync(Lifetime * 1.5), 4, Rounds * 4);
        relay.IsCut = false;
        await fleet.WatchAsync(Lifetime);
        Assert.InRange(await fleet.WatchAsync(Lifetime), 2, (Rounds * 2) + 1);
    }

    // Each response is renewed before half of its life is over; in one and a half of it, that is.
    private const int Rounds = 4;

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(12);
}
