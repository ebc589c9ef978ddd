using System.Globalization;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Stapling.Fleets;

/// <summary>How many questions a large fleet asks.</summary>
public abstract class FleetLoadTests : FleetBench
{
    [Fact, Trait("Rule", "S26")]
    public async Task Forty_instances_ask_once_about_each_certificate()
    {
        await using var fleet = await Fleet.StartAsync(Store, instances: 40, certificates: 200);
        Assert.True(fleet.AllStaple(CertStatusKind.Good));
        fleet.AssertAsked(0, 200, 210);
    }

    /// <summary>
    /// Eight instances and fifty certificates whose responses last 90 seconds; <c>OCSPLAB_FLEET=40x200x600</c> for as
    /// many as that and ten minutes: for a quarter of what is left of them a look waits for the store.
    /// </summary>
    [Fact, Trait("Rule", "S26"), Trait("Ring", "long")]
    public async Task While_the_store_flaps_it_is_not_many_more()
    {
        int[] size =
        [
            .. (Environment.GetEnvironmentVariable("OCSPLAB_FLEET") ?? "8x50x90")
                .Split('x')
                .Select(number => int.Parse(number, CultureInfo.InvariantCulture)),
        ];
        var (instances, certificates, lifetime) = (size[0], size[1], TimeSpan.FromSeconds(size[2]));
        await using var fleet = await Fleet.StartAsync(Store, instances, certificates, lifetime);
        var (before, start) = (fleet.Requests, DateTimeOffset.UtcNow);
        // Each response is renewed once, and no second time for as long as this lasts.
        fleet.Lifetime = TimeSpan.FromDays(1);
        while (!fleet.AllNewerThan(start) && DateTimeOffset.UtcNow < start + (2 * lifetime))
        {
            await Store.StopAsync();
            await fleet.WatchAsync(TimeSpan.FromSeconds(1));
            await Store.StartAgainAsync();
            await fleet.WatchAsync(Calm);
        }

        Assert.True(fleet.AllNewerThan(start));
        Assert.True(fleet.AllStaple(CertStatusKind.Good));
        fleet.AssertAsked(before, certificates, certificates * 3 / 2);
    }

    /// <summary>How long the store is there between two falls: longer where it takes longer to get up.</summary>
    protected abstract TimeSpan Calm { get; }
}
