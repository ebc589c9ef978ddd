namespace OcspLab.Stapling.Fleets;

/// <summary>What instances do while their store is away or hangs.</summary>
public abstract class StoreOutageTests : FleetBench
{
    [Fact, Trait("Rule", "S26")]
    public async Task While_the_store_is_away_every_instance_asks_for_itself_and_then_one_for_all_again()
    {
        await using var fleet = await Fleet.StartAsync(Store, 3, 2, Lifetime);
        await Store.StopAsync();
        // Looks are put off for a moment, and then each instance asks once about each certificate and round.
        Assert.InRange(await fleet.WatchAsync(Lifetime * 1.5), 6, Rounds * 6);
        await Store.StartAgainAsync();
        await fleet.WatchAsync(Lifetime);
        Assert.InRange(await fleet.WatchAsync(Lifetime), 2, (Rounds * 2) + 1);
    }

    [Fact, Trait("Rule", "S26"), Trait("Ring", "long")]
    public async Task A_store_that_hangs_holds_up_no_instance()
    {
        await using var fleet = await Fleet.StartAsync(Store, 3, 2, LongLifetime);
        Store.Pause();
        Assert.InRange(await fleet.WatchAsync(LongLifetime * 1.5), 6, Rounds * 6);
        Store.Continue();
        await fleet.WatchAsync(Lifetime);
        Assert.InRange(await fleet.WatchAsync(LongLifetime), 2, (Rounds * 2) + 1);
    }

    // Each response is renewed before half of its life is over; in one and a half of it, that is.
    private const int Rounds = 4;

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(12);

    // A hanging store is waited for, for five seconds.
    private static readonly TimeSpan LongLifetime = TimeSpan.FromSeconds(24);
}
