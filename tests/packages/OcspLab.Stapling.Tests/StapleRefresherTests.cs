using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>What comes of one look: what is published, kept, counted and told.</summary>
public sealed class StapleRefresherTests : EngineBench
{
    private static readonly DateTimeOffset Now = TestAuthority.Now;
    private readonly MemoryStore _store = new();
    private readonly ConcurrentQueue<(VerifiedStaple? Before, VerifiedStaple? After)> _changes = new();

    public StapleRefresherTests()
    {
        Store = _store;
        Options.Events.OnStapleChanged = change =>
        {
            _changes.Enqueue((change.Previous, change.Current));
            return Task.CompletedTask;
        };
    }

    [Theory, Trait("Rule", "S26")]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public async Task The_word_of_others_about_what_was_loaded_counts_until_three_quarters_of_its_life(
        int seconds,
        bool counts
    )
    {
        var slot = NewSlot();
        var staple = Staples.Verified();
        _store.Responses[slot.Key] = staple.Encoded.ToArray();
        Clock.Advance(RefreshPlan.EndOfTrust(staple) - Now + TimeSpan.FromSeconds(seconds));
        _store.NextRefreshes[slot.Key] = Clock.GetUtcNow().AddHours(1);
        var next = await Refresher.LoadAsync(slot, Cancellation);
        Assert.Equal(counts, next > Clock.GetUtcNow() + Options.MinimumRefreshInterval);
        Assert.Equal((RefreshOutcome.Loaded, next), (slot.Status.LastOutcome, slot.Status.NextRefresh));
    }

    [Fact, Trait("Rule", "S8")]
    public async Task A_staple_is_dropped_with_the_moment_in_which_it_ends_and_taken_up_again_if_that_was_the_clock()
    {
        var slot = NewSlot();
        var staple = Staples.Verified();
        slot.Believe(staple, staple);
        slot.Revive();
        var life = staple.ExpiresAt - Now;
        Clock.Step(life - TimeSpan.FromTicks(1));
        Refresher.FollowClock(slot);
        Assert.Same(staple, slot.Current);

        Clock.Step(TimeSpan.FromTicks(1));
        Refresher.FollowClock(slot);
        Assert.Null(slot.Current);
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "StapleExpired");

        Clock.Step(-life);
        Refresher.FollowClock(slot);
        Assert.Same(staple, slot.Current);
        await slot.LastEvent;
        Assert.Equal([(staple, null), (null, staple)], _changes);
    }

    [Fact, Trait("Rule", "S8")]
    public void What_nobody_uses_or_wants_is_not_taken_up_again()
    {
        var slot = NewSlot();
        var staple = Staples.Verified();
        slot.Believe(staple, staple);
        slot.Drop(staple);
        slot.Retire();
        Refresher.FollowClock(slot);
        Assert.Null(slot.Current);

        slot.Revive();
        slot.Follow(new StapleSource(StapleSourceKind.Off, []));
        Refresher.FollowClock(slot);
        Assert.Null(slot.Current);
    }

    [Fact, Trait("Rule", "S45")]
    public void An_issuer_that_a_handshake_brings_completes_the_certificate()
    {
        var slot = NewSlot(withIssuer: false);
        Assert.False(Refresher.TryComplete(slot, Staples.Server, []));
        Assert.Null(slot.Subject);
        Assert.True(Refresher.TryComplete(slot, Staples.Server, [Staples.Authority.Certificate]));
        Assert.NotNull(slot.Subject);
        Assert.Equal(StapleSourceKind.Responder, slot.Source.Kind);
    }

    [Fact, Trait("Rule", "S45")]
    public async Task Without_an_issuer_the_source_is_shown_as_unusable_and_the_failure_told()
    {
        var told = new ConcurrentQueue<StaplingEvent>();
        Options.Events.OnRefreshFailed = happened =>
        {
            told.Enqueue(happened);
            return Task.CompletedTask;
        };
        var slot = NewSlot(withIssuer: false);
        slot.Follow(new StapleSource(StapleSourceKind.Responder, slot.Source.Urls));
        await LookAsync(slot);
        await slot.LastEvent;
        Assert.Equal((StapleSourceKind.Unusable, 1), (slot.Status.Source, slot.Status.Failures));
        Assert.Equal(RefreshOutcome.Unusable, Assert.Single(told).Status.LastOutcome);
    }

    [Fact, Trait("Rule", "S25")]
    public async Task What_could_not_be_saved_is_saved_later_unless_it_is_saved_or_over()
    {
        var slot = NewSlot();
        var staple = Staples.Verified();
        slot.Believe(staple, staple);
        slot.Saved = staple;
        await Refresher.SaveAgainAsync(slot, Cancellation);
        Assert.Empty(_store.Responses);

        slot.Saved = null;
        Clock.Step(staple.ExpiresAt - Now);
        await Refresher.SaveAgainAsync(slot, Cancellation);
        Assert.Empty(_store.Responses);

        Clock.Step(TimeSpan.FromTicks(-1));
        await Refresher.SaveAgainAsync(slot, Cancellation);
        Assert.Equal(staple.Encoded.ToArray(), Assert.Single(_store.Responses).Value);
    }

    [Fact, Trait("Rule", "S36")]
    public async Task What_is_turned_off_is_dropped_and_what_is_turned_on_again_is_stapled_at_once_if_still_true()
    {
        Store = null;
        var slot = NewSlot();
        var staple = Staples.Verified();
        slot.Believe(staple, staple);
        Options.Certificates["server"] = new CertificateStaplingOptions { Use = StaplingUse.Off };
        Assert.Null(await LookAsync(slot));
        await slot.LastEvent;
        Assert.Null(slot.Current);
        Assert.Equal((RefreshOutcome.TurnedOff, null), (slot.Status.LastOutcome, slot.Status.NextRefresh));
        Assert.Equal([(staple, null)], _changes);
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "StaplingOff");

        Options.Certificates.Clear();
        Clock.Step(staple.ExpiresAt - Now);
        await LookAsync(slot);
        Assert.Null(slot.Current);

        Options.Certificates["server"] = new CertificateStaplingOptions { Use = StaplingUse.Off };
        await LookAsync(slot);
        Options.Certificates.Clear();
        Clock.Step(TimeSpan.FromTicks(-1));
        await LookAsync(slot);
        Assert.Same(staple, slot.Current);
    }

    [Fact, Trait("Rule", "S31")]
    public async Task Each_look_is_counted_timed_and_traced_with_its_outcome()
    {
        using var counts = new MetricCollector<long>(Meters, StaplingTelemetry.MeterName, "ocsp.stapling.refreshes");
        using var times = new MetricCollector<double>(
            Meters,
            StaplingTelemetry.MeterName,
            "ocsp.stapling.refresh.duration"
        );
        var traced = new ConcurrentQueue<object?>();
        using var own = new Activity("test").Start();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == StaplingTelemetry.Source.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                // Others trace as well while this runs.
                if (activity.TraceId == own.TraceId)
                    traced.Enqueue(activity.GetTagItem("outcome"));
            },
        };
        ActivitySource.AddActivityListener(listener);
        var slot = NewSlot();
        Client.Script(
            (urls, _) =>
                Task.FromResult(
                    new OcspFetch
                    {
                        Staple = Staples.Verified(),
                        Attempts = ScriptedClient.Answered(urls, Staples.Verified()).Attempts,
                        Duration = TimeSpan.FromSeconds(3),
                    }
                )
        );
        await LookAsync(slot);
        _store.Responses[slot.Key] = Staples.Verified(thisUpdate: Now).Encoded.ToArray();
        await Refresher.TakeSharedAsync(slot, Now.AddHours(1), Cancellation);
        Refresher.Fault(slot, new InvalidOperationException("nobody foresaw it"));
        Assert.Equal(["good", "shared", "faulted"], counts.GetMeasurementSnapshot().Select(Outcome));
        Assert.Equal([3.0, 0, 0], times.GetMeasurementSnapshot().Select(time => time.Value));
        Assert.Equal(["good"], traced);
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "RefreshFaulted");
        Assert.Equal((1, "nobody foresaw it"), (slot.Status.Failures, slot.Status.LastDetail));

        static object? Outcome(CollectedMeasurement<long> measurement) => measurement.Tags["outcome"];
    }

    [Fact, Trait("Rule", "S10")]
    public async Task A_revocation_is_said_with_its_reason_and_its_end_too()
    {
        var slot = NewSlot();
        Client.Answer(Staples.Verified());
        await LookAsync(slot, isManual: true);
        Assert.Empty(Logs("CertificateRestored"));
        var since = Now.AddHours(-3);
        Client.Answer(Revoked(RevocationReason.KeyCompromise, 30));
        await LookAsync(slot, isManual: true);
        Assert.Contains("KeyCompromise", Assert.Single(Logs("CertificateRevoked")), StringComparison.Ordinal);
        Client.Answer(Revoked(RevocationReason.CertificateHold, 20));
        await LookAsync(slot, isManual: true);
        Assert.Single(Logs("CertificateRevoked"));
        Assert.Empty(Logs("CertificateRestored"));
        Client.Answer(Staples.Verified(thisUpdate: Now.AddMinutes(-10)));
        await LookAsync(slot, isManual: true);
        Assert.Single(Logs("CertificateRestored"));

        VerifiedStaple Revoked(RevocationReason reason, int minutes) =>
            Staples.Verified(CertStatus.Revoked(since, reason), thisUpdate: Now.AddMinutes(-minutes));
    }

    [Fact, Trait("Rule", "S34")]
    public async Task A_failure_is_said_and_told_by_what_it_means_and_its_end_is_said_once()
    {
        var told = new ConcurrentQueue<int>();
        Options.Events.OnRefreshFailed = happened =>
        {
            told.Enqueue(happened.Status.Failures);
            return Task.CompletedTask;
        };
        var slot = NewSlot();
        Client.Fail();
        await LookAsync(slot, isManual: true);
        Assert.Single(Logs("NothingToStaple"));
        Client.Answer(Staples.Verified(CertStatus.Unknown));
        await LookAsync(slot, isManual: true);
        Assert.Contains(
            "http://ocsp.example.test/: the response is unknown",
            Logs("NothingToStaple")[1],
            StringComparison.Ordinal
        );
        Client.Answer(Staples.Verified());
        await LookAsync(slot, isManual: true);
        await LookAsync(slot, isManual: true);
        Assert.Single(Logs("ResponderRecovered"));
        Client.Fail();
        await LookAsync(slot, isManual: true);
        Assert.Single(Logs("RefreshFailed"));
        Assert.Equal(2, Logs("NothingToStaple").Count);
        await slot.LastEvent;
        Assert.Equal([1, 2, 1], told);
    }

    [Theory, Trait("Rule", "S27")]
    [InlineData(MustStaplePolicy.Refuse, "HandshakesRefused", "NothingToStaple")]
    [InlineData(MustStaplePolicy.Serve, "NothingToStaple", "HandshakesRefused")]
    public async Task Where_a_certificate_demands_a_staple_it_is_said_what_becomes_of_its_handshakes(
        MustStaplePolicy policy,
        string said,
        string notSaid
    )
    {
        Options.MustStaple = policy;
        Client.Fail();
        await LookAsync(NewSlot(certificate: Staples.MustStapleServer), isManual: true);
        Assert.Single(Logs(said));
        Assert.Empty(Logs(notSaid));
    }

    [Fact, Trait("Rule", "S27")]
    public async Task A_certificate_that_demands_nothing_is_served_without()
    {
        Options.MustStaple = MustStaplePolicy.Refuse;
        Client.Fail();
        await LookAsync(NewSlot(), isManual: true);
        Assert.Single(Logs("NothingToStaple"));
        Assert.Empty(Logs("HandshakesRefused"));
    }

    private List<string> Logs(string name) =>
        [.. Log.GetSnapshot().Where(record => record.Id.Name == name).Select(record => record.Message)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;
}
