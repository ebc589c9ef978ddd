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

    private const int Rounds = 20_000;
}
