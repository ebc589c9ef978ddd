using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>
/// What several write at once, and what is asked for while something is under way: nothing of it is lost.
/// </summary>
public sealed class StapleSlotTests : EngineBench
{
    [Fact, Trait("Rule", "S33")]
    public async Task Nothing_of_a_status_that_two_write_at_once_is_lost()
    {
        var slot = Engine.Add(Staples.Authority.Server(), [Staples.Authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        var staples = (Good: Staples.Verified(), Revoked: Staples.Verified(CertStatus.Revoked(TestAuthority.Now)));
        using var barrier = new Barrier(2);
        var lost = 0;
        var writer = new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                barrier.SignalAndWait();
                slot.Report(new RefreshReport(TestAuthority.Now, RefreshOutcome.Failed, null, $"{round}", round));
                barrier.SignalAndWait();
            }
        });
        writer.Start();
        for (var round = 0; round < Rounds; round++)
        {
            var staple = round % 2 == 0 ? staples.Good : staples.Revoked;
            barrier.SignalAndWait(TestContext.Current.CancellationToken);
            slot.Believe(staple, staple);
            barrier.SignalAndWait(TestContext.Current.CancellationToken);
            var status = slot.Status;
            if (status.Staple != staple || status.Failures != round || status.IsRevoked != (round % 2 == 1))
                lost++;
        }

        writer.Join();
        Assert.Equal(0, lost);
    }

    [Fact, Trait("Rule", "S33")]
    public async Task What_is_asked_for_while_a_refresh_is_under_way_gets_one_of_its_own()
    {
        var answer = new TaskCompletionSource<Ocsp.Fetching.OcspFetch>();
        Client.Script((_, cancellationToken) => answer.Task.WaitAsync(cancellationToken));
        var slot = Add();
        await Poll.UntilAsync(() => Client.Calls == 1, "the first is under way");
        var refresh = Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(refresh.IsCompleted);
        var fresh = Staples.Verified(thisUpdate: TestAuthority.Now);
        Client.Answer(fresh);
        answer.SetResult(ScriptedClient.Failed);
        await refresh;
        Assert.Equal(2, Client.Calls);
        Assert.Same(fresh, slot.Current);
    }

    [Fact, Trait("Rule", "S8")]
    public async Task A_response_comes_into_force_again_only_while_it_is_the_newest_and_nothing_is_in_force()
    {
        var (first, second) = (Staples.Verified(), Staples.Verified(thisUpdate: TestAuthority.Now));
        var slot = await AddAndWaitAsync();
        slot.Believe(first, first);
        Assert.False(slot.Restore(first, first), "it was in force");
        Assert.False(slot.Drop(second), "another was in force");
        Assert.True(slot.Drop(first), "it was in force");
        Assert.False(slot.Drop(first), "nothing was in force");
        Assert.Null(slot.Status.Staple);
        Assert.False(slot.Restore(first, null), "nothing of it is to be stapled");
        Assert.False(slot.Restore(second, second), "it is not the newest");
        Assert.Null(slot.Current);
        Assert.True(slot.Restore(first, first), "it is the newest, and nothing is in force");
        Assert.Same(first, slot.Current);
        Assert.Same(first, slot.Status.Staple);
    }

    [Fact, Trait("Rule", "S33")]
    public async Task Another_source_is_shown_and_its_failures_are_counted_from_nought()
    {
        var slot = await AddAndWaitAsync();
        var url = new Uri("http://another.test/");
        var source = slot.Source with { Kind = StapleSourceKind.File, Urls = [url] };
        slot.Report(new RefreshReport(TestAuthority.Now, RefreshOutcome.Failed, null, "away", 3));
        slot.Follow(source);
        Assert.Same(source, slot.Source);
        Assert.Equal((StapleSourceKind.File, 0), (slot.Status.Source, slot.Status.Failures));
        Assert.Equal([url], slot.Status.Urls);
    }

    [Fact, Trait("Rule", "S45")]
    public async Task What_has_its_issuer_now_has_its_source_with_it()
    {
        var slot = await AddAndWaitAsync();
        var subject = OcspSubject.FromCertificate(Staples.Server, Staples.Authority.Certificate);
        var source = slot.Source with { Kind = StapleSourceKind.File };
        slot.Complete(subject, source);
        Assert.Same(subject, slot.Subject);
        Assert.Equal(StapleSourceKind.File, slot.Status.Source);
    }

    [Fact]
    public async Task Of_many_contexts_the_last_four_are_remembered()
    {
        var slot = await AddAndWaitAsync();
        IHandshakeContext[] contexts = [.. Enumerable.Range(0, 6).Select(_ => new NoContext())];
        foreach (var context in contexts)
            slot.Use(context);
        Assert.Equal(contexts[2..], slot.Contexts);
    }

    [Fact]
    public async Task Only_one_writes_to_the_store()
    {
        var slot = await AddAndWaitAsync();
        slot.EndSaving();
        Assert.True(slot.TryBeginSaving(), "nobody writes");
        Assert.False(slot.TryBeginSaving(), "one writes");
        slot.EndSaving();
        Assert.True(slot.TryBeginSaving(), "it has ended");
    }

    private sealed class NoContext : IHandshakeContext
    {
        public void LetGo() { }
    }

    private const int Rounds = 20_000;
}
