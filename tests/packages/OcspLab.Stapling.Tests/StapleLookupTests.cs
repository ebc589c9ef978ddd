using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>Who asks: this instance, another one, or nobody for a moment.</summary>
public sealed class StapleLookupTests : EngineBench
{
    private static readonly DateTimeOffset Now = TestAuthority.Now;
    private readonly MemoryStore _store = new();

    public StapleLookupTests() => Store = _store;

    [Theory, Trait("Rule", "S26")]
    [InlineData(-1, 0)]
    [InlineData(0, 1)]
    public async Task The_word_of_others_about_what_is_held_counts_until_three_quarters_of_its_life(
        int seconds,
        int calls
    )
    {
        var slot = NewSlot();
        var staple = Staples.Verified();
        slot.Believe(staple, staple);
        _store.Responses[slot.Key] = staple.Encoded.ToArray();
        Clock.Advance(RefreshPlan.EndOfTrust(staple) - Now + TimeSpan.FromSeconds(seconds));
        _store.NextRefreshes[slot.Key] = Clock.GetUtcNow().AddHours(1);
        Client.Answer(staple);
        await LookAsync(slot);
        Assert.Equal(calls, Client.Calls);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task Whoever_gets_the_lease_asks_at_once_and_gives_it_back()
    {
        Client.Answer(Staples.Verified());
        var slot = NewSlot();
        await LookAsync(slot);
        Assert.Equal(1, Client.Calls);
        // As long as a fetch may take, and a quarter of a minute.
        Assert.Equal([TimeSpan.FromSeconds(45)], _store.Leases);
        Assert.True(await _store.TryAcquireLeaseAsync(slot.Key, TimeSpan.Zero, Cancellation), "it still has the lease");
    }

    [Fact, Trait("Rule", "S26")]
    public async Task While_another_has_the_lease_it_is_not_asked_and_the_lease_is_left_where_it_is()
    {
        Client.Answer(Staples.Verified());
        var slot = NewSlot();
        await _store.TryAcquireLeaseAsync(slot.Key, TimeSpan.Zero, Cancellation);
        var look = LookAsync(slot);
        // Somebody whose lease should have ended is given up on after two of them.
        while (Clock.GetUtcNow() < Now.AddSeconds(80))
        {
            await WaitForAnotherTryAsync();
            Assert.Equal((0, false), (Client.Calls, look.IsCompleted));
        }

        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return look.IsCompleted;
            },
            "it asks for itself"
        );
        Assert.Equal(1, Client.Calls);
        Assert.False(
            await _store.TryAcquireLeaseAsync(slot.Key, TimeSpan.Zero, Cancellation),
            "it gave another's back"
        );
    }

    [Theory, Trait("Rule", "S26")]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public async Task A_store_that_is_out_is_waited_for_by_those_who_were_well(int failures, int calls)
    {
        Store = new NoStore();
        var slot = NewSlot();
        var staple = Staples.Verified();
        slot.Believe(staple, staple);
        slot.Report(new RefreshReport(Now, RefreshOutcome.Failed, Now, "away", failures));
        await LookAsync(slot);
        Assert.Equal(calls, Client.Calls);
    }

    [Fact, Trait("Rule", "S6")]
    public async Task A_responder_that_was_asked_and_failed_is_not_asked_again_in_the_same_look()
    {
        Client.Script(
            (urls, _) =>
                Task.FromResult(
                    new OcspFetch
                    {
                        Attempts =
                        [
                            Attempt(urls[0], FetchFailure.CircuitOpen),
                            Attempt(urls[0], FetchFailure.HttpStatus),
                        ],
                        RetryAfter = TimeSpan.FromSeconds(5),
                        Duration = TimeSpan.Zero,
                    }
                )
        );
        var slot = NewSlot();
        await LookAsync(slot, isManual: true);
        Assert.Equal((1, RefreshOutcome.Failed), (Client.Calls, slot.Status.LastOutcome));

        static FetchAttempt Attempt(Uri url, FetchFailure failure) =>
            new(url, failure, null, null, null, "failed", TimeSpan.Zero);
    }

    // In steps that a store which is slow to answer survives; one more where time passed before it was waited for.
    private async Task WaitForAnotherTryAsync()
    {
        var tries = _store.Tries;
        Clock.Advance(TimeSpan.FromSeconds(3));
        await Poll.UntilAsync(
            async () =>
            {
                for (var step = 0; step < 50 && _store.Tries == tries; step++)
                    await Task.Delay(10, Cancellation);
                if (_store.Tries > tries)
                    return true;
                Clock.Advance(TimeSpan.FromSeconds(1));
                return false;
            },
            "it tries again"
        );
        await Task.Delay(20, Cancellation);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A store that is not there.</summary>
    private sealed class NoStore : IStapleStore
    {
        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
            throw new IOException("gone");

        public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) =>
            throw new IOException("gone");

        public ValueTask<bool> TryAcquireLeaseAsync(
            string certificate,
            TimeSpan duration,
            CancellationToken cancellationToken
        ) => throw new IOException("gone");

        public ValueTask ReleaseLeaseAsync(string certificate, CancellationToken cancellationToken) =>
            throw new IOException("gone");
    }
}
