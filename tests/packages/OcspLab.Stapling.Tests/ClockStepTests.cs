using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>A wall clock that jumps, as of virtual machines that were asleep and of a first synchronisation.</summary>
public sealed class ClockStepTests : EngineBench
{
    private static readonly TimeSpan Ahead = TimeSpan.FromHours(30);

    [Fact, Trait("Rule", "S39")]
    public async Task A_jump_ahead_and_back_with_a_failed_fetch_between_costs_minutes_and_not_hours()
    {
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        Client.Fail();
        await JumpAsync(Ahead);
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromMinutes(1));
                return slot.Current is null && slot.Status.LastOutcome == RefreshOutcome.Failed;
            },
            "the staple is over by the clock, and the fetch fails"
        );
        await JumpAsync(-Ahead);
        await AdvanceAsync(TimeSpan.FromMinutes(2));
        // What was dropped is in force again, without anybody being asked.
        Assert.Equal(CertStatusKind.Good, slot.Current?.Status.Kind);
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now.AddMinutes(1), now: Clock.GetUtcNow()));
        var calls = Client.Calls;
        for (var minute = 0; minute < 10 && Client.Calls == calls; minute++)
            await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.True(Client.Calls > calls, "It sleeps by a clock that was wrong.");
    }

    [Fact, Trait("Rule", "S39")]
    public async Task A_jump_past_the_certificates_end_and_back_does_not_end_its_refreshing()
    {
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        var past = Staples.Server.NotAfter.ToUniversalTime() - TestAuthority.Now.UtcDateTime + TimeSpan.FromDays(1);
        await JumpAsync(past);
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromMinutes(1));
                return slot.Status.LastOutcome == RefreshOutcome.CertificateExpired;
            },
            "the certificate is over by the clock"
        );
        await JumpAsync(-past);
        var calls = Client.Calls;
        for (var minute = 0; minute < 120 && Client.Calls == calls; minute++)
            await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.True(Client.Calls > calls, "Nobody is asked about it any more.");
    }

    [Fact, Trait("Rule", "S39"), Trait("Rule", "S42")]
    public async Task A_jump_past_the_end_on_a_server_without_visitors_loses_no_certificate()
    {
        Client.AnswerFor(Staples.Authority, TimeSpan.Zero, Clock);
        var slot = Add();
        await PassAsync(TimeSpan.FromHours(26));
        Assert.NotNull(slot.Current);
        var past = slot.Status.NotAfter - Clock.GetUtcNow() + TimeSpan.FromHours(1);
        await JumpAsync(past);
        await PassAsync(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1));
        await JumpAsync(-past);
        await PassAsync(TimeSpan.FromHours(2));
        Assert.False(slot.IsReleased);
        Assert.NotNull(slot.Current);
    }

    [Theory, Trait("Rule", "S5")]
    [InlineData(10)]
    [InlineData(3600)]
    public void Waits_that_the_responder_or_the_settings_ask_for_are_spread_too(int maxAge)
    {
        var staple = Staples.Verified(nextUpdate: TestAuthority.Now.AddDays(4));
        var waits = Enumerable
            .Range(0, 10)
            .Select(step =>
                RefreshPlan.AfterSuccess(staple, TimeSpan.FromSeconds(maxAge), Options, TestAuthority.Now, step / 10.0)
            )
            .ToArray();
        Assert.Equal(10, waits.Distinct().Count());
        var least = TestAuthority.Now + TimeSpan.FromSeconds(Math.Max(maxAge, 300));
        Assert.All(waits, wait => Assert.InRange(wait, least, least + ((least - TestAuthority.Now) / 5)));
    }

    // The wall clock alone: timers and the monotonic clock go on as they were.
    private Task JumpAsync(TimeSpan step)
    {
        Clock.Step(step);
        return AdvanceAsync(TimeSpan.FromMilliseconds(1));
    }
}
