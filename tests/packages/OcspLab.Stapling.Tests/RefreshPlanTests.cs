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

    [Fact, Trait("Rule", "S4")]
    public void From_four_tenths_of_its_life_on_half_of_the_rest_counts()
    {
        // 96 hours: until 38.4 half of the whole, from there half of what is left.
        var early = Staple(Now.AddHours(-38.4).AddSeconds(1), TimeSpan.FromDays(4));
        Assert.Equal(early.ThisUpdate.AddHours(48), RefreshPlan.AfterSuccess(early, null, Options, Now, 0));
        var late = Staple(Now.AddHours(-38.4), TimeSpan.FromDays(4));
        Assert.Equal(Now.AddHours(28.8), RefreshPlan.AfterSuccess(late, null, Options, Now, 0));
        Assert.Equal(Now.AddHours(28.8 * 0.8), RefreshPlan.AfterSuccess(late, null, Options, Now, 1));
    }

    [Fact, Trait("Rule", "S4")]
    public void A_hint_to_come_later_than_planned_is_none()
    {
        var staple = Staple(Now, TimeSpan.FromDays(4));
        Assert.Equal(
            RefreshPlan.AfterSuccess(staple, null, Options, Now, 0.3),
            RefreshPlan.AfterSuccess(staple, TimeSpan.FromDays(3), Options, Now, 0.3)
        );
        // Up to a tenth later than the hint: the cache must have let go.
        Assert.Equal(Now.AddHours(1.1), RefreshPlan.AfterSuccess(staple, TimeSpan.FromHours(1), Options, Now, 1));
    }

    [Fact, Trait("Rule", "S4")]
    public void The_shortest_interval_gives_way_only_where_the_staple_would_be_gone()
    {
        // Five minutes at least; what is left is more, as much, less, and next to nothing.
        Assert.Equal(Now.AddMinutes(5), After(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1)));
        Assert.Equal(Now.AddMinutes(2.5), After(TimeSpan.FromMinutes(5)));
        Assert.Equal(Now.AddSeconds(11), After(TimeSpan.FromSeconds(22)));
        Assert.Equal(Now + Options.RetryDelay, After(TimeSpan.FromSeconds(4)));

        static DateTimeOffset After(TimeSpan left) =>
            RefreshPlan.AfterSuccess(Staple(Now.AddHours(-1) + left, TimeSpan.FromHours(1)), null, Options, Now, 0);
    }

    [Theory, Trait("Rule", "S4")]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0.5, 150)]
    [InlineData(0, 1, 300)]
    // A quarter of an hour of life: its half is four minutes away, over, or now.
    [InlineData(3.5, 1, 240)]
    [InlineData(7.5, 1, 0)]
    [InlineData(8, 1, 0)]
    public void What_was_loaded_is_renewed_within_the_shortest_interval_and_at_once_past_its_half(
        double age,
        double chance,
        double seconds
    )
    {
        var life = age == 0 ? TimeSpan.FromDays(4) : TimeSpan.FromMinutes(15);
        Assert.Equal(
            Now.AddSeconds(seconds),
            RefreshPlan.AfterLoad(Staple(Now.AddMinutes(-age), life), Options, Now, chance)
        );
    }

    [Fact, Trait("Rule", "S26")]
    public void After_another_instance_comes_a_moment_after_it_and_never_later_than_by_itself()
    {
        var staple = Staple(Now, TimeSpan.FromDays(4));
        Assert.Equal(Now.AddHours(10), RefreshPlan.AfterOthers(staple, Now.AddHours(10), Options, Now, 0));
        Assert.Equal(Now.AddHours(10.5), RefreshPlan.AfterOthers(staple, Now.AddHours(10), Options, Now, 0.5));
        Assert.Equal(
            RefreshPlan.AfterSuccess(staple, null, Options, Now, 0.5),
            RefreshPlan.AfterOthers(staple, Now.AddDays(90), Options, Now, 0.5)
        );
    }

    [Fact, Trait("Rule", "S26")]
    public void The_word_of_others_counts_for_three_quarters_of_a_life() =>
        Assert.Equal(Now.AddDays(3), RefreshPlan.EndOfTrust(Staple(Now, TimeSpan.FromDays(4))));

    [Fact, Trait("Rule", "S26")]
    public void A_store_is_waited_for_a_quarter_of_the_rest_and_ten_minutes_at_most()
    {
        Assert.Equal(Now.AddMinutes(5), RefreshPlan.EndOfPause(Staple(Now, TimeSpan.FromMinutes(20)), Now));
        Assert.Equal(Now.AddMinutes(10), RefreshPlan.EndOfPause(Staple(Now, TimeSpan.FromDays(4)), Now));
    }

    [Theory, Trait("Rule", "S26")]
    // An eighth of ten minutes is longer than half a minute; of one minute it is not.
    [InlineData(5760, 0, 0, 15)]
    [InlineData(5760, 0, 1, 30)]
    [InlineData(5760, 590, 1, 600)]
    [InlineData(4, 0, 0, 3.75)]
    [InlineData(4, 0, 1, 7.5)]
    [InlineData(4, 58, 1, 60)]
    public void It_is_tried_again_a_few_times_until_then(
        double minutes,
        double passed,
        double chance,
        double seconds
    ) =>
        Assert.Equal(
            Now.AddSeconds(seconds),
            RefreshPlan.AfterPause(Staple(Now, TimeSpan.FromMinutes(minutes)), Now, Now.AddSeconds(passed), chance)
        );

    [Theory, Trait("Rule", "S6")]
    [InlineData(0, 7.5)]
    [InlineData(0.5, 10)]
    [InlineData(1, 12.5)]
    public void Failures_are_spread_by_a_quarter(double chance, double seconds) =>
        Assert.Equal(
            seconds,
            (
                RefreshPlan.AfterFailure(Staple(Now, TimeSpan.FromDays(4)), 1, null, Options, Now, chance) - Now
            ).TotalSeconds
        );

    [Fact, Trait("Rule", "S6")]
    public void Nothing_makes_it_try_sooner_than_half_of_the_first_wait()
    {
        var staple = Staple(Now.AddHours(-1).AddSeconds(8), TimeSpan.FromHours(1));
        Assert.Equal(Options.RetryDelay / 2, RefreshPlan.AfterFailure(staple, 1, null, Options, Now, 0) - Now);
    }

    [Fact, Trait("Rule", "S6")]
    public void A_staple_that_is_over_shortens_no_wait()
    {
        var staple = Staple(Now.AddHours(-1), TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromSeconds(160), RefreshPlan.AfterFailure(staple, 5, null, Options, Now, 0.5) - Now);
        Assert.Equal(
            TimeSpan.FromSeconds(660),
            RefreshPlan.AfterFailure(staple, 1, TimeSpan.FromMinutes(10), Options, Now, 1) - Now
        );
    }

    [Fact, Trait("Rule", "S6")]
    public void A_longest_wait_below_five_minutes_holds_without_a_staple_too()
    {
        var options = new StaplingOptions { MaximumRetryDelay = TimeSpan.FromMinutes(2) };
        Assert.Equal(TimeSpan.FromMinutes(2), RefreshPlan.AfterFailure(null, 40, null, options, Now, 0.5) - Now);
    }

    private static VerifiedStaple Staple(DateTimeOffset thisUpdate, TimeSpan life) =>
        Staples.Verified(thisUpdate: thisUpdate, nextUpdate: thisUpdate + life, now: thisUpdate);
}
