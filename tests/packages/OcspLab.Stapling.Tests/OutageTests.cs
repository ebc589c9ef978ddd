using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>When something that has failed is tried again, and by whom.</summary>
public sealed class OutageTests
{
    private readonly SteppedClock _clock = new(TestAuthority.Now);

    [Fact, Trait("Rule", "S43")]
    public void What_works_is_tried_by_everybody()
    {
        var outage = new Outage(_clock);
        Assert.True(outage.MayTry(out var isProbe));
        Assert.Equal((false, false), (isProbe, outage.IsOn));
    }

    [Fact, Trait("Rule", "S43")]
    public void What_was_under_way_when_it_failed_neither_prolongs_nor_ends_anything()
    {
        var outage = new Outage(_clock);
        Assert.True(outage.Begin(isProbe: false), "it has just begun");
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.False(outage.Begin(isProbe: false), "it had begun");
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.True(outage.MayTry(out var isProbe), "a second after the first");
        Assert.Equal((true, true), (isProbe, outage.IsOn));
        outage.End();
        Assert.False(outage.IsOn);
    }

    [Fact, Trait("Rule", "S43")]
    public void One_at_a_time_tries_it_again_after_ever_longer_waits_up_to_half_a_minute()
    {
        var outage = new Outage(_clock);
        outage.Begin(isProbe: false);
        foreach (var seconds in (int[])[1, 2, 4, 8, 16, 30, 30])
        {
            _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            Assert.False(outage.MayTry(out _), $"before {seconds} s");
            _clock.Advance(TimeSpan.FromTicks(1));
            Assert.True(outage.MayTry(out var isProbe), $"after {seconds} s");
            Assert.True(isProbe);
            Assert.False(outage.MayTry(out _), "another is at it");
            Assert.False(outage.Begin(isProbe: true), "it had begun");
        }

        outage.End();
        outage.Begin(isProbe: false);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(outage.MayTry(out _), "it begins anew");
    }
}
