using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Fleets;

/// <summary>What instances take from a store, and what they do not.</summary>
public abstract class SharedStapleTests : FleetBench
{
    [Fact, Trait("Rule", "S26")]
    public async Task What_one_instance_has_learned_all_staple_though_none_of_them_was_due()
    {
        await using var fleet = await Fleet.StartAsync(Store, instances: 5, certificates: 3);
        fleet.Status = CertStatus.Revoked(DateTimeOffset.UtcNow.AddMinutes(-1));
        await fleet.Instances[0].RefreshAsync(null, TestContext.Current.CancellationToken);
        await Poll.UntilAsync(() => fleet.AllStaple(CertStatusKind.Revoked), "all staple the revocation");
        fleet.AssertAsked(0, 6, 6);
        await Poll.UntilAsync(
            () => fleet.Staples[1].All(staple => staple.LastOutcome == RefreshOutcome.Shared),
            "the others have it from the store"
        );
    }

    [Fact, Trait("Rule", "S26")]
    public async Task An_instance_starts_without_its_store()
    {
        await Store.StopAsync();
        await using var fleet = await Fleet.StartAsync(Store, instances: 2, certificates: 2);
        Assert.True(fleet.AllStaple(CertStatusKind.Good));
        Assert.Equal(4, fleet.Requests);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task Of_a_wiped_store_nobody_loses_anything()
    {
        await using var fleet = await Fleet.StartAsync(Store, 4, 2, Lifetime);
        await Store.WipeAsync();
        Assert.InRange(await fleet.WatchAsync(Lifetime), 2, (Rounds * 2) + 1);
    }

    public static TheoryData<string> Poisons =>
        ["text", "of a newer format", "of another authority", "about another certificate", "expired"];

    [Theory, MemberData(nameof(Poisons)), Trait("Rule", "S26")]
    public async Task Nothing_false_is_taken_from_the_store(string poison)
    {
        await using var fleet = await Fleet.StartAsync(Store, instances: 1, certificates: 1);
        fleet.Status = CertStatus.Revoked(DateTimeOffset.UtcNow.AddMinutes(-1));
        var now = DateTimeOffset.UtcNow;
        await Store.PoisonAsync(
            fleet.FirstKey,
            poison switch
            {
                "text" => "good"u8.ToArray(),
                "of a newer format" => [2, .. fleet.Authority.Respond(fleet.First, null, now, now.AddDays(1))],
                "of another authority" => new TestAuthority().Respond(fleet.First, null, now, now.AddDays(1)),
                "about another certificate" => fleet.Authority.Respond(
                    fleet.Authority.Server(),
                    CertStatus.Good,
                    now,
                    now.AddDays(1)
                ),
                _ => fleet.Authority.Respond(fleet.First, CertStatus.Good, now.AddDays(-2), now.AddDays(-1)),
            }
        );
        var late = await fleet.AddAsync(Store.Port);
        Assert.Equal(CertStatusKind.Revoked, Assert.Single(late.Staples).Staple?.Status.Kind);
        Assert.Equal(2, fleet.Requests);
        // And what it has learned is in the place of the poison.
        var latest = await fleet.AddAsync(Store.Port);
        Assert.Equal(CertStatusKind.Revoked, Assert.Single(latest.Staples).Staple?.Status.Kind);
        Assert.Equal(2, fleet.Requests);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task What_an_instance_holds_no_older_response_takes_the_place_of()
    {
        await using var fleet = await Fleet.StartAsync(Store, instances: 2, certificates: 1);
        fleet.Status = CertStatus.Revoked(DateTimeOffset.UtcNow.AddMinutes(-1));
        await fleet.Instances[0].RefreshAsync(null, TestContext.Current.CancellationToken);
        await Poll.UntilAsync(() => fleet.AllStaple(CertStatusKind.Revoked), "all staple the revocation");
        var before = DateTimeOffset.UtcNow.AddMinutes(-10);
        await Store.PoisonAsync(
            fleet.FirstKey,
            fleet.Authority.Respond(fleet.First, CertStatus.Good, before, before.AddHours(1))
        );
        await fleet.Instances[1].RefreshAsync(null, TestContext.Current.CancellationToken);
        Assert.True(fleet.AllStaple(CertStatusKind.Revoked));
    }

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(12);

    // Each response is renewed before half of its life is over.
    private const int Rounds = 3;
}
