using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Refreshing;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

public sealed class RefreshPlanTests
{
    private static readonly DateTimeOffset Now = TestAuthority.Now;
    private static readonly StaplingOptions Options = new();

    [Theory, Trait("Rule", "S4")]
    [InlineData(0.0, 48)]
    [InlineData(0.5, 43.2)]
    public void A_fresh_staple_is_renewed_at_half_of_its_life_less_jitter(double chance, double hours) =>
        Assert.Equal(
            Now.AddHours(hours),
            RefreshPlan.AfterSuccess(Staple(Now, TimeSpan.FromDays(4)), null, Options, Now, chance)
        );

    [Fact, Trait("Rule", "S5")]
    public void Chance_spreads_a_fleet()
    {
        var staple = Staple(Now, TimeSpan.FromDays(4));
        var times = Enumerable
            .Range(0, 10)
            .Select(step => RefreshPlan.AfterSuccess(staple, null, Options, Now, step / 10.0))
            .ToArray();
        Assert.Equal(10, times.Distinct().Count());
    }

    [Fact, Trait("Rule", "S4")]
    public void A_staple_past_its_half_is_renewed_ever_sooner_but_never_after_its_end()
    {
        var staple = Staple(Now.AddDays(-3), TimeSpan.FromDays(4));
        Assert.Equal(Now.AddHours(12), RefreshPlan.AfterSuccess(staple, null, Options, Now, 0));
    }

    [Fact, Trait("Rule", "S4")]
    public void The_responders_cache_time_is_a_hint_to_come_sooner() =>
        Assert.Equal(
            Now.AddHours(1),
            RefreshPlan.AfterSuccess(Staple(Now, TimeSpan.FromDays(4)), TimeSpan.FromHours(1), Options, Now, 0)
        );

    [Fact, Trait("Rule", "S4")]
    public void No_hint_makes_it_hammer() =>
        Assert.Equal(
            Now + Options.MinimumRefreshInterval,
            RefreshPlan.AfterSuccess(Staple(Now, TimeSpan.FromDays(4)), TimeSpan.Zero, Options, Now, 0)
        );

    [Fact, Trait("Rule", "S4")]
    public void A_short_life_is_renewed_before_its_end_whatever_the_interval()
    {
        var staple = Staple(Now.AddDays(-1).AddMinutes(1), TimeSpan.FromDays(1));
        Assert.Equal(Now.AddSeconds(30), RefreshPlan.AfterSuccess(staple, null, Options, Now, 0));
    }

    [Fact, Trait("Rule", "S6")]
    public void Failures_wait_twice_as_long_each_time_up_to_a_cap()
    {
        var staple = Staple(Now, TimeSpan.FromDays(4));
        var waits = Enumerable
            .Range(1, 40)
            .Select(failures => RefreshPlan.AfterFailure(staple, failures, null, Options, Now, 0.5) - Now)
            .ToArray();
        Assert.Equal([10, 20, 40, 80], waits.Take(4).Select(wait => wait.TotalSeconds));
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromSeconds(1), Options.MaximumRetryDelay));
    }

    [Fact, Trait("Rule", "S6")]
    public void Failures_come_faster_as_the_end_nears()
    {
        var staple = Staple(Now.AddDays(-4).AddMinutes(10), TimeSpan.FromDays(4));
        Assert.Equal(TimeSpan.FromMinutes(2.5), RefreshPlan.AfterFailure(staple, 20, null, Options, Now, 0.5) - Now);
    }

    [Fact, Trait("Rule", "S6")]
    public void Without_a_staple_the_cap_is_five_minutes() =>
        Assert.Equal(
            TimeSpan.FromMinutes(5),
            RefreshPlan.AfterFailure(null, int.MaxValue, null, Options, Now, 0.5) - Now
        );

    [Theory, Trait("Rule", "S6")]
    [InlineData(30, 30)]
    [InlineData(1, 10)]
    [InlineData(100_000, 3600)]
    public void A_responder_that_wants_to_be_left_alone_is_up_to_a_limit(int asked, int expected)
    {
        var staple = Staple(Now, TimeSpan.FromDays(4));
        var wait = RefreshPlan.AfterFailure(staple, 1, TimeSpan.FromSeconds(asked), Options, Now, 0.5) - Now;
        Assert.InRange(wait.TotalSeconds, expected, expected * 1.1);
    }

    [Fact, Trait("Rule", "S6")]
    public void It_is_not_left_alone_until_the_staple_is_over()
    {
        var staple = Staple(Now.AddDays(-4).AddMinutes(20), TimeSpan.FromDays(4));
        var wait = RefreshPlan.AfterFailure(staple, 1, TimeSpan.FromHours(1), Options, Now, 0.5) - Now;
        Assert.Equal(TimeSpan.FromMinutes(10), wait);
    }

    private static VerifiedStaple Staple(DateTimeOffset thisUpdate, TimeSpan life) =>
        Staples.Verified(thisUpdate: thisUpdate, nextUpdate: thisUpdate + life, now: thisUpdate);
}
