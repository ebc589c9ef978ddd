using System.Collections.Concurrent;
using OcspLab.Ocsp.Responses;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>What an application is told, and that it cannot harm anybody by what it does then.</summary>
public sealed class EventTests : EngineBench
{
    private static readonly CertStatus RevokedStatus = CertStatus.Revoked(TestAuthority.Now.AddHours(-2));

    [Fact, Trait("Rule", "S44")]
    public async Task A_revocation_is_told_once_with_the_certificate_and_the_application_s_services()
    {
        var told = new ConcurrentQueue<StaplingEvent>();
        Options.Events.OnRevoked = happened =>
        {
            told.Enqueue(happened);
            return Task.CompletedTask;
        };
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        Client.Answer(Staples.Verified(RevokedStatus, TestAuthority.Now));
        await RefreshNowAsync();
        await RefreshNowAsync();
        await slot.LastEvent;
        var happened = Assert.Single(told);
        Assert.Equal((slot.Key, true), (happened.Status.Thumbprint, happened.Status.IsRevoked));
        Assert.NotNull(happened.Services.GetService(typeof(Ocsp.Fetching.IOcspClient)));
    }

    [Fact, Trait("Rule", "S44")]
    public async Task Changes_of_the_staple_are_told_in_their_order_with_the_one_before()
    {
        var told = new ConcurrentQueue<(CertStatusKind? Before, CertStatusKind? After)>();
        var first = new TaskCompletionSource();
        Options.Events.OnStapleChanged = async happened =>
        {
            // The first takes longest: the order is that of the events all the same.
            await first.Task;
            told.Enqueue((happened.Previous?.Status.Kind, happened.Current?.Status.Kind));
        };
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        Client.Answer(Staples.Verified(RevokedStatus, TestAuthority.Now));
        await RefreshNowAsync();
        Assert.Empty(told);
        first.SetResult();
        // Before time moves: a handler has a minute.
        await slot.LastEvent;
        Client.Fail();
        for (var hour = 0; hour < 25; hour++)
            await AdvanceAsync(TimeSpan.FromHours(1));
        await slot.LastEvent;
        Assert.Equal(
            [
                (null, CertStatusKind.Good),
                (CertStatusKind.Good, CertStatusKind.Revoked),
                (CertStatusKind.Revoked, null),
            ],
            told
        );
    }

    [Fact, Trait("Rule", "S44")]
    public async Task A_failed_refresh_is_told_with_the_reason()
    {
        var told = new ConcurrentQueue<StaplingEvent>();
        Options.Events.OnRefreshFailed = happened =>
        {
            told.Enqueue(happened);
            return Task.CompletedTask;
        };
        Client.Throw();
        var slot = await AddAndWaitAsync();
        await slot.LastEvent;
        var happened = Assert.Single(told);
        Assert.Equal((1, "not ours"), (happened.Status.Failures, happened.Status.LastDetail));
    }

    [Theory, Trait("Rule", "S44")]
    [InlineData(Handler.Throws)]
    [InlineData(Handler.ThrowsLater)]
    [InlineData(Handler.Hangs)]
    public async Task A_handler_that_fails_costs_no_staple(Handler how)
    {
        Options.Events.OnStapleChanged = async _ =>
        {
            if (how == Handler.Throws)
                throw new InvalidOperationException("no");
            await Task.Yield();
            if (how == Handler.ThrowsLater)
                throw new InvalidOperationException("no");
            await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
        };
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        var fresh = Staples.Verified(thisUpdate: TestAuthority.Now);
        Client.Answer(fresh);
        await RefreshNowAsync();
        Assert.Same(fresh, slot.Current);
        if (how == Handler.Hangs)
            return;
        await slot.LastEvent;
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "EventFaulted");
    }

    [Fact, Trait("Rule", "S44")]
    public async Task A_handler_that_hangs_does_not_silence_a_revocation()
    {
        var told = 0;
        Options.Events.OnRefreshFailed = _ => Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
        Options.Events.OnRevoked = _ =>
        {
            Interlocked.Increment(ref told);
            return Task.CompletedTask;
        };
        Client.Fail();
        await AddAndWaitAsync();
        Client.Answer(Staples.Verified(RevokedStatus));
        await RefreshNowAsync();
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(10));
                return Volatile.Read(ref told) == 1;
            },
            "the revocation is told"
        );
    }

    [Fact, Trait("Rule", "S44")]
    public async Task The_same_response_again_is_no_change()
    {
        var changes = 0;
        Options.Events.OnStapleChanged = _ =>
        {
            Interlocked.Increment(ref changes);
            return Task.CompletedTask;
        };
        var staple = Staples.Verified();
        Client.Script(
            (urls, _) => Task.FromResult(ScriptedClient.Answered(urls, Staples.Read(staple.Encoded.ToArray())))
        );
        var slot = await AddAndWaitAsync();
        await RefreshNowAsync();
        await slot.LastEvent;
        Assert.Equal(1, changes);
    }

    public enum Handler
    {
        Throws,
        ThrowsLater,
        Hangs,
    }

    private async Task RefreshNowAsync() =>
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
}
