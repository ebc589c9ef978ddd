using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Looks once for a newer response of one certificate, and publishes, saves and logs what comes of it. Thread-safe, but
/// for one slot at a time.
/// </summary>
internal sealed class StapleRefresher(
    StapleFetcher fetcher,
    StapleArchive archive,
    RefreshSchedule schedule,
    IOptionsMonitor<StaplingOptions> options,
    StaplingMetrics metrics,
    TimeProvider clock,
    ILogger logger
)
{
    private DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Whether the settings now say something else of where the staples come from.</summary>
    public bool HasNewSource(StapleSlot slot) => !SourceOf(slot).Equals(slot.Source);

    /// <summary>Takes the staple from the store, if one is there that can be used.</summary>
    /// <returns>When the source is to be asked; null where nothing was loaded.</returns>
    public async Task<DateTimeOffset?> LoadAsync(StapleSlot slot, CancellationToken stopping)
    {
        if (!slot.Source.IsActive)
            return null;
        var policy = options.CurrentValue.Verification;
        if (await archive.LoadAsync(slot, policy, stopping).ConfigureAwait(false) is not { } staple)
            return null;
        Believe(slot, staple);
        var next = schedule.AfterLoad(staple);
        slot.Report(new RefreshReport(Now, RefreshOutcome.Loaded, next));
        logger.Loaded(slot.Name, staple.ExpiresAt, Until(next));
        return next;
    }

    /// <summary>
    /// Looks for a newer response: first in the store, where another instance may have put one, then at the source.
    /// </summary>
    /// <returns>When to look again; null for never, unless the settings change.</returns>
    public async Task<DateTimeOffset?> RefreshAsync(StapleSlot slot, CancellationToken stopping)
    {
        FollowSettings(slot);
        if (!slot.Source.IsActive)
            return null;
        using var activity = StaplingTelemetry.Source.StartActivity("ocsp.refresh");
        var policy = options.CurrentValue.Verification;
        if (await archive.LoadSharedAsync(slot, policy, stopping).ConfigureAwait(false) is { } shared)
        {
            activity?.SetTag("outcome", RefreshOutcome.Shared.ToTag());
            metrics.Refreshed(RefreshOutcome.Shared, TimeSpan.Zero);
            Believe(slot, shared);
            return Succeed(slot, RefreshOutcome.Shared, schedule.AfterSuccess(shared, null));
        }

        var fetch = await fetcher.FetchAsync(slot.Source, slot.Subject!, policy, stopping).ConfigureAwait(false);
        var outcome = RefreshDecision.Judge(fetch, slot.Newest, Now);
        activity?.SetTag("outcome", outcome.ToTag());
        metrics.Refreshed(outcome, fetch.Duration);
        if (!RefreshDecision.IsBelieved(outcome))
            return Fail(slot, outcome, fetch);
        Believe(slot, fetch.Staple!);
        await archive.SaveAsync(slot, fetch.Staple!, policy, stopping).ConfigureAwait(false);
        return Succeed(slot, outcome, schedule.AfterSuccess(fetch.Staple!, fetch.MaxAge));
    }

    /// <summary>Puts down a fault that nobody foresaw.</summary>
    /// <returns>When to look again.</returns>
    public DateTimeOffset Fault(StapleSlot slot, Exception exception)
    {
        logger.RefreshFaulted(slot.Name, exception);
        metrics.Refreshed(RefreshOutcome.Faulted, TimeSpan.Zero);
        var failures = slot.Status.Failures + 1;
        var next = schedule.AfterFailure(slot.Current, failures);
        slot.Report(new RefreshReport(Now, RefreshOutcome.Faulted, next, exception.Message, failures));
        return next;
    }

    /// <summary>
    /// Drops a staple whose end has come, and takes it up again where the clock that said so was wrong.
    /// </summary>
    public void FollowClock(StapleSlot slot)
    {
        if (slot.Current is not { } staple)
        {
            if (slot.Status.IsInUse && slot.Source.IsActive && slot.Newest is { } newest && newest.ExpiresAt > Now)
                Publish(slot, RefreshDecision.ToStaple(newest, options.CurrentValue.Revoked));
            return;
        }

        if (staple.ExpiresAt > Now)
            return;
        Publish(slot, null);
        if (slot.Status.IsInUse)
            logger.Expired(slot.Name, staple.ExpiresAt);
    }

    private void Publish(StapleSlot slot, VerifiedStaple? staple)
    {
        slot.WatcherFault = null;
        slot.Publish(staple);
        if (slot.WatcherFault is { } fault)
            logger.WatcherFaulted(slot.Name, fault);
    }

    private StapleSource SourceOf(StapleSlot slot) =>
        StapleSource.Select(slot.OwnUrls, slot.Names, options.CurrentValue);

    private void FollowSettings(StapleSlot slot)
    {
        var source = SourceOf(slot);
        if (source.Equals(slot.Source))
            return;
        slot.Follow(source);
        if (source.IsActive)
        {
            // Turned on again: what was true before still is, until a newer response comes.
            if (slot.Newest is { } newest && newest.ExpiresAt > Now)
                Believe(slot, newest);
            return;
        }

        // What was fetched is still true, but nobody wants it stapled any more.
        Publish(slot, null);
        var isOff = source.Kind == StapleSourceKind.Off;
        slot.Report(new RefreshReport(Now, isOff ? RefreshOutcome.TurnedOff : RefreshOutcome.NoResponder, null));
        if (isOff)
            logger.TurnedOff(slot.Name);
    }

    private void Believe(StapleSlot slot, VerifiedStaple staple)
    {
        var before = slot.Newest?.Status.Kind;
        slot.Newest = staple;
        Publish(slot, RefreshDecision.ToStaple(staple, options.CurrentValue.Revoked));
        var isRevoked = staple.Status.Kind == CertStatusKind.Revoked;
        if (isRevoked && before != CertStatusKind.Revoked)
            logger.Revoked(slot.Name, staple.Status.RevokedAt!.Value, staple.Status.Reason?.ToString() ?? "not given");
        else if (!isRevoked && before == CertStatusKind.Revoked)
            logger.Restored(slot.Name);
    }

    private DateTimeOffset Succeed(StapleSlot slot, RefreshOutcome outcome, DateTimeOffset next)
    {
        if (slot.Status.Failures > 0 && slot.Newest is { } staple)
            logger.Recovered(slot.Name, staple.ExpiresAt);
        if (slot.Current is { } current)
            logger.Refreshed(slot.Name, current.ExpiresAt, Until(next));
        slot.Report(new RefreshReport(Now, outcome, next));
        return next;
    }

    private DateTimeOffset Fail(StapleSlot slot, RefreshOutcome outcome, OcspFetch fetch)
    {
        var failures = slot.Status.Failures + 1;
        var next = schedule.AfterFailure(slot.Current, failures);
        LogFailure(
            slot,
            outcome == RefreshOutcome.Failed ? fetch.Describe().TrimEnd('.') : $"the response is {outcome.ToTag()}",
            next
        );
        slot.Report(new RefreshReport(Now, outcome, next, fetch.Describe(), failures));
        return next;
    }

    private void LogFailure(StapleSlot slot, string why, DateTimeOffset next)
    {
        if (slot.Current is { } held)
            logger.RefreshFailed(slot.Name, why, held.ExpiresAt, Until(next));
        else if (slot.IsMustStaple && options.CurrentValue.MustStaple == MustStaplePolicy.Refuse)
            logger.HandshakesRefused(slot.Name, why, Until(next));
        else
            logger.NothingToStaple(slot.Name, why, Until(next));
    }

    // Whole seconds: people read it.
    private TimeSpan Until(DateTimeOffset next) => TimeSpan.FromSeconds(Math.Round((next - Now).TotalSeconds));
}
