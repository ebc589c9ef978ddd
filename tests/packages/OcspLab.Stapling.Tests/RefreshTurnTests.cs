using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>One turn: when the store will do, when the source is asked, and what is over.</summary>
public sealed class RefreshTurnTests : EngineBench
{
    private static readonly DateTimeOffset Now = TestAuthority.Now;
    private readonly MemoryStore _store = new();

    public RefreshTurnTests() => Store = _store;

    [Fact, Trait("Rule", "S25")]
    public async Task What_was_loaded_waits_for_its_time()
    {
        var job = new RefreshJob(NewSlot());
        Keep(job);
        var next = await RunAsync(job, RefreshReason.Due);
        Assert.Equal(0, Client.Calls);
        Assert.Equal((RefreshOutcome.Loaded, next), (job.Slot.Status.LastOutcome, job.Slot.Status.NextRefresh));
        Assert.InRange(next!.Value, Now, Now + Options.MinimumRefreshInterval);
    }

    [Fact, Trait("Rule", "S33")]
    public async Task Whoever_asks_before_the_first_turn_gets_the_source_asked()
    {
        var job = new RefreshJob(NewSlot());
        Keep(job);
        // Another instance has just asked: enough for what is due, and not for a person.
        _store.NextRefreshes[job.Slot.Key] = Now.AddHours(10);
        var fresh = Staples.Verified(thisUpdate: Now);
        Client.Answer(fresh);
        await RunAsync(job, RefreshReason.Asked);
        Assert.Equal(1, Client.Calls);
        Assert.Same(fresh, job.Slot.Current);
    }

    [Fact, Trait("Rule", "S1")]
    public async Task The_first_turn_is_due_whatever_its_reason()
    {
        var job = new RefreshJob(NewSlot());
        job.Slot.Report(new RefreshReport(Now, RefreshOutcome.Pending, Now.AddHours(1)));
        Client.Answer(Staples.Verified());
        await RunAsync(job, RefreshReason.Heard);
        Assert.Equal((1, RefreshOutcome.Good), (Client.Calls, job.Slot.Status.LastOutcome));
    }

    [Fact, Trait("Rule", "S26")]
    public async Task What_is_heard_later_is_looked_for_in_the_store_until_the_time_has_come()
    {
        var job = new RefreshJob(NewSlot());
        Keep(job);
        var due = await RunAsync(job, RefreshReason.Due);
        Client.Answer(Staples.Verified(thisUpdate: Now));
        Assert.Equal(due, await RunAsync(job, RefreshReason.Heard));
        Assert.Equal(0, Client.Calls);
        Clock.Advance(due!.Value - Now);
        await RunAsync(job, RefreshReason.Heard);
        Assert.Equal(1, Client.Calls);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task A_certificate_is_over_with_the_moment_in_which_it_ends_and_that_is_said_once()
    {
        var job = new RefreshJob(NewSlot());
        Client.AnswerFor(Staples.Authority, TimeSpan.Zero, Clock);
        Clock.Advance(job.Slot.Status.NotAfter - Now - TimeSpan.FromSeconds(1));
        await RunAsync(job, RefreshReason.Due);
        Assert.Equal((1, null), (Client.Calls, job.Slot.ExpiredAt));

        Clock.Advance(TimeSpan.FromSeconds(1));
        var seen = Clock.GetTimestamp();
        var next = await RunAsync(job, RefreshReason.Asked);
        Assert.Equal(Clock.GetUtcNow().AddHours(1), next);
        Assert.Equal((1, RefreshOutcome.CertificateExpired), (Client.Calls, job.Slot.Status.LastOutcome));
        var said = Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "CertificateExpired");
        Clock.Advance(TimeSpan.FromHours(1));
        await RunAsync(job, RefreshReason.Due);
        Assert.Equal(seen, job.Slot.ExpiredAt);
        Assert.Same(said, Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "CertificateExpired"));

        // Set back: it was the clock.
        Clock.Step(TimeSpan.FromDays(-2));
        await RunAsync(job, RefreshReason.Due);
        Assert.Equal((2, null), (Client.Calls, job.Slot.ExpiredAt));
    }

    private void Keep(RefreshJob job) => _store.Responses[job.Slot.Key] = Staples.Verified().Encoded.ToArray();

    private Task<DateTimeOffset?> RunAsync(RefreshJob job, RefreshReason reason) =>
        Bounded(new RefreshTurn(Refresher, Clock, Logger).RunAsync(job, reason, TestContext.Current.CancellationToken));
}
