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

    /// <summary>Eight instances and fifty certificates; <c>OCSPLAB_FLEET=40x200</c> for as many as that.</summary>
    [Fact, Trait("Rule", "S26"), Trait("Ring", "long")]
    public async Task While_the_store_flaps_it_is_not_many_more()
    {
        var size = (Environment.GetEnvironmentVariable("OCSPLAB_FLEET") ?? "8x50").Split('x');
        var instances = int.Parse(size[0], CultureInfo.InvariantCulture);
        var certificates = int.Parse(size[1], CultureInfo.InvariantCulture);
        await using var fleet = await Fleet.StartAsync(Store, instances, certificates, TimeSpan.FromSeconds(90));
        var before = fleet.Requests;
        // Until each response is renewed, and before the first of them is a second time.
        for (var end = DateTimeOffset.UtcNow.AddSeconds(50); DateTimeOffset.UtcNow < end; )
        {
            await Store.StopAsync();
            await fleet.WatchAsync(TimeSpan.FromSeconds(1));
            await Store.StartAgainAsync();
            await fleet.WatchAsync(Calm);
        }

        Assert.True(fleet.AllStaple(CertStatusKind.Good));
        fleet.AssertAsked(before, certificates, certificates * 3 / 2);
    }

    /// <summary>How long the store is there between two falls: longer where it takes longer to get up.</summary>
    protected abstract TimeSpan Calm { get; }
}
