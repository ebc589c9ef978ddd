using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
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
    StapleLookup lookup,
    StapleArchive archive,
    IssuerSearch issuers,
    RefreshSchedule schedule,
    StaplingNews news,
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
        var stored = await archive.LoadSharedAsync(slot, policy, stopping).ConfigureAwait(false);
        if (stored.Staple is not { } staple)
            return null;
        Believe(slot, staple);
        slot.Saved = staple;
        // Where instances share the store, one of them may have asked a moment ago.
        var next =
            stored.NextRefresh is { } theirs && Now < RefreshPlan.EndOfTrust(staple)
                ? schedule.AfterOthers(staple, theirs)
                : schedule.AfterLoad(staple);
        slot.Report(new RefreshReport(Now, RefreshOutcome.Loaded, next));
        logger.Loaded(slot.Name, staple.ExpiresAt, Until(next));
        return next;
    }

    /// <summary>
    /// Looks for a newer response: first in the store, where another instance may have put one, then at the source.
    /// </summary>
    /// <param name="slot">The certificate.</param>
    /// <param name="isManual">Whether the source itself is to be asked, whatever others have fetched.</param>
    /// <param name="stopping">Ends it.</param>
    /// <returns>When to look again; null for never, unless the settings change.</returns>
    public async Task<DateTimeOffset?> RefreshAsync(StapleSlot slot, bool isManual, CancellationToken stopping)
    {
        if (slot.Subject is null && SourceOf(slot) is { IsActive: true } source)
        {
            if (!await FindIssuerAsync(slot, source, stopping).ConfigureAwait(false))
                return slot.Status.NextRefresh;
            if (await LoadAsync(slot, stopping).ConfigureAwait(false) is { } next && !isManual)
                return next;
        }

        var isNewSource = HasNewSource(slot);
        FollowSettings(slot);
        if (!slot.Source.IsActive)
            return null;
        using var activity = StaplingTelemetry.Source.StartActivity("ocsp.refresh");
        var policy = options.CurrentValue.Verification;
        var found = await lookup
            .FindAsync(slot, slot.Subject!, policy, isManual, isNewSource, staple => Believe(slot, staple), stopping)
            .ConfigureAwait(false);
        if (found is null)
        {
            var later = schedule.AfterPause(slot.Current!, slot.PausedSince!.Value);
            slot.Pause(later);
            return later;
        }

        activity?.SetTag("outcome", found.Outcome.ToTag());
        metrics.Refreshed(found.Outcome, found.Fetch?.Duration ?? TimeSpan.Zero);
        return found.Next is { } at ? Succeed(slot, found.Outcome, at) : Fail(slot, found.Outcome, found.Fetch!);
    }

    /// <summary>Takes up what another instance has put into the store, where that is newer than what is held.</summary>
    /// <param name="slot">The certificate.</param>
    /// <param name="due">When the source is to be asked, if nothing is there.</param>
    /// <param name="stopping">Ends it.</param>
    /// <returns>When the source is to be asked.</returns>
    public async Task<DateTimeOffset> TakeSharedAsync(StapleSlot slot, DateTimeOffset due, CancellationToken stopping)
    {
        var found = await lookup
            .FindSharedAsync(slot, options.CurrentValue.Verification, staple => Believe(slot, staple), stopping)
            .ConfigureAwait(false);
        if (found is null)
            return due;
        metrics.Refreshed(found.Outcome, TimeSpan.Zero);
        return Succeed(slot, found.Outcome, found.Next!.Value);
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
        news.RefreshFailed(slot);
        return next;
    }

    /// <summary>
    /// Drops a staple whose end has come, and takes it up again where the clock that said so was wrong.
    /// </summary>
    public void FollowClock(StapleSlot slot)
    {
        if (slot.Current is { } staple)
        {
            if (staple.ExpiresAt > Now || !slot.Drop(staple))
                return;
            if (slot.Status.IsInUse)
                logger.Expired(slot.Name, staple.ExpiresAt);
            news.StapleChanged(slot, staple);
        }
        else if (
            slot.Status.IsInUse
            && slot.Source.IsActive
            && slot.Newest is { } newest
            && newest.ExpiresAt > Now
            && slot.Restore(newest, RefreshDecision.ToStaple(newest, options.CurrentValue.Revoked))
        )
            news.StapleChanged(slot, null);
    }

    /// <summary>Looks whether the issuer of a certificate that came without is at hand by now.</summary>
    public bool TryComplete(StapleSlot slot, X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        if (issuers.FindInMemory(certificate, atHand) is not { } subject)
            return false;
        Complete(slot, subject);
        return true;
    }

    /// <summary>Saves what could not be saved when it came.</summary>
    public Task SaveAgainAsync(StapleSlot slot, CancellationToken stopping) =>
        archive.IsUnsaved(slot) && slot.Newest!.ExpiresAt > Now
            ? archive.SaveAsync(slot, options.CurrentValue.Verification, stopping)
            : Task.CompletedTask;

    private async Task<bool> FindIssuerAsync(StapleSlot slot, StapleSource source, CancellationToken stopping)
    {
        if (slot.Facts.Issuerless is null)
            return false;
        var search = await issuers.FindAsync(slot, source.Client, stopping).ConfigureAwait(false);
        if (search.Subject is { } subject)
        {
            Complete(slot, subject);
            return true;
        }

        if (slot.Source.Kind != StapleSourceKind.Unusable)
            slot.Follow(source with { Kind = StapleSourceKind.Unusable });
        var failures = slot.Status.Failures + 1;
        var next = schedule.AfterFailure(null, failures);
        if (slot.Status.LastDetail != search.Detail)
            logger.NoIssuer(slot.Name, search.Detail);
        slot.Report(new RefreshReport(Now, RefreshOutcome.Unusable, next, search.Detail, failures));
        news.RefreshFailed(slot);
        return false;
    }

    private void Complete(StapleSlot slot, OcspSubject subject) => slot.Complete(subject, SourceOf(slot));

    private StapleSource SourceOf(StapleSlot slot) =>
        StapleSource.Select(slot.Facts.Urls, slot.Facts.Names, options.CurrentValue);

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
        if (slot.Current is { } staple && slot.Drop(staple))
            news.StapleChanged(slot, staple);
        slot.Report(new RefreshReport(Now, source.OutcomeAtRest, null));
        logger.NothingWanted(slot.Name, source.Kind, slot.IsMustStaple, options.CurrentValue.MustStaple);
    }

    private void Believe(StapleSlot slot, VerifiedStaple staple)
    {
        var (stapled, before) = (slot.Current, slot.Newest?.Status.Kind);
        // A responder signs once and gives the same response for long: nothing has changed.
        if (stapled is not null && ReferenceEquals(stapled, slot.Newest) && IsSame(stapled, staple))
            return;
        slot.Believe(staple, RefreshDecision.ToStaple(staple, options.CurrentValue.Revoked));
        var isRevoked = staple.Status.Kind == CertStatusKind.Revoked;
        if (isRevoked && before != CertStatusKind.Revoked)
        {
            logger.Revoked(slot.Name, staple.Status.RevokedAt!.Value, staple.Status.Reason?.ToString() ?? "not given");
            news.Revoked(slot);
        }
        else if (!isRevoked && before == CertStatusKind.Revoked)
            logger.Restored(slot.Name);

        if (!ReferenceEquals(slot.Current, stapled))
            news.StapleChanged(slot, stapled);
    }

    private static bool IsSame(VerifiedStaple left, VerifiedStaple right) =>
        left.Encoded.Span.SequenceEqual(right.Encoded.Span);

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
        var next = schedule.AfterFailure(slot.Current, failures, fetch.RetryAfter);
        LogFailure(
            slot,
            outcome == RefreshOutcome.Failed
                ? fetch.Describe().TrimEnd('.')
                : $"{fetch.Attempts[^1].Url}: the response is {outcome.ToTag()}",
            next
        );
        slot.Report(new RefreshReport(Now, outcome, next, fetch.Describe(), failures));
        news.RefreshFailed(slot);
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
