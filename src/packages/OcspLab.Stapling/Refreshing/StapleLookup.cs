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
/// Looks for a response that is newer than what is held, in the store and at the source. Where instances share the
/// store, one of them asks for all: the lease is taken when it is the certificate's turn at the responder, and given
/// back whatever comes of it, so that it never runs out in a queue.
/// </summary>
internal sealed class StapleLookup(
    StapleFetcher fetcher,
    StapleArchive archive,
    RefreshSchedule schedule,
    IOptionsMonitor<OcspClientOptions> clients,
    TimeProvider clock
)
{
    /// <param name="slot">The certificate.</param>
    /// <param name="subject">It and its issuer.</param>
    /// <param name="policy">How responses are verified.</param>
    /// <param name="isManual">Whether the source itself is to be asked, whatever others have fetched.</param>
    /// <param name="isNewSource">Whether the settings name another source since the last look.</param>
    /// <param name="believe">Puts a response in force; called before it is saved.</param>
    /// <param name="stopping">Ends it.</param>
    /// <returns>
    /// What was found; null where it is put off, because the store that the fleet shares does not answer.
    /// </returns>
    public async Task<LookupResult?> FindAsync(
        StapleSlot slot,
        OcspSubject subject,
        VerificationPolicy policy,
        bool isManual,
        bool isNewSource,
        Action<VerifiedStaple> believe,
        CancellationToken stopping
    )
    {
        if (!isManual && archive.IsShared)
            return await AskForAllAsync(slot, subject, policy, isNewSource, believe, stopping).ConfigureAwait(false);
        var found = await AskAloneAsync(slot, subject, policy, isManual, believe, stopping).ConfigureAwait(false);
        // The responder need not wait for a disk.
        return await SaveAsync(slot, found, policy, stopping).ConfigureAwait(false);
    }

    /// <summary>Looks into the store only.</summary>
    /// <returns>Null where nothing newer is there.</returns>
    public async Task<LookupResult?> FindSharedAsync(
        StapleSlot slot,
        VerificationPolicy policy,
        Action<VerifiedStaple> believe,
        CancellationToken stopping
    ) =>
        await archive.LoadNewerAsync(slot, policy, stopping).ConfigureAwait(false) is { } shared
            ? Shared(slot, shared, believe)
            : null;

    private async Task<LookupResult> AskAloneAsync(
        StapleSlot slot,
        OcspSubject subject,
        VerificationPolicy policy,
        bool isManual,
        Action<VerifiedStaple> believe,
        CancellationToken stopping
    )
    {
        using var permit = await fetcher.EnterAsync(slot.Source, stopping).ConfigureAwait(false);
        return !isManual && await archive.LoadNewerAsync(slot, policy, stopping).ConfigureAwait(false) is { } stored
            ? Shared(slot, stored, believe)
            : await FetchAsync(slot, subject, policy, believe, stopping).ConfigureAwait(false);
    }

    private async Task<LookupResult?> AskForAllAsync(
        StapleSlot slot,
        OcspSubject subject,
        VerificationPolicy policy,
        bool isNewSource,
        Action<VerifiedStaple> believe,
        CancellationToken stopping
    )
    {
        // As long as the fetch may take, and what it takes to save what comes of it.
        var lease = clients.Get(slot.Source.Client).Timeout + SaveTimeout;
        long? refusedAt = null;
        while (true)
        {
            using (await fetcher.EnterAsync(slot.Source, stopping).ConfigureAwait(false))
            {
                if (await archive.LoadNewerAsync(slot, policy, stopping).ConfigureAwait(false) is { } shared)
                    return Shared(slot, shared, believe);
                var state = await archive.TryAcquireLeaseAsync(slot, lease, stopping).ConfigureAwait(false);
                // A lease ends by itself, and somebody else may have it then. Whoever waits for longer has a store that
                // does not keep what it promises.
                if (state != LeaseState.Held || clock.GetElapsedTime(refusedAt ??= clock.GetTimestamp()) >= 2 * lease)
                {
                    try
                    {
                        // Between the last look and the lease its holder before may have saved a response and given the
                        // lease back; or it has just asked, and got what is held here, too.
                        var stored = await archive.LoadSharedAsync(slot, policy, stopping).ConfigureAwait(false);
                        if (stored.Staple is { } meanwhile && meanwhile.IsNewerThan(slot.Newest))
                            return Shared(slot, meanwhile, believe);
                        if (stored.NextRefresh is { } theirs && !isNewSource && MayLeaveToOthers(slot, stored))
                            return Left(slot.Current!, theirs);
                        // All instances would ask for themselves, also where the store is back by now. What is held is
                        // good for long enough to wait a moment.
                        if ((state == LeaseState.Unknown || archive.IsOut) && IsPatient(slot))
                            return null;
                        var found = await FetchAsync(slot, subject, policy, believe, stopping).ConfigureAwait(false);
                        return await SaveAsync(slot, found, policy, stopping).ConfigureAwait(false);
                    }
                    finally
                    {
                        if (state != LeaseState.Held)
                            await archive.ReleaseLeaseAsync(slot).ConfigureAwait(false);
                    }
                }
            }

            // Another instance is at it.
            await Task.Delay(PollInterval, clock, stopping).ConfigureAwait(false);
        }
    }

    private LookupResult Left(VerifiedStaple held, DateTimeOffset theirs) =>
        new(RefreshOutcome.Shared, held, null, schedule.AfterOthers(held, theirs));

    // Only about what is held, and not to its end: whoever can write to the store is not to keep this instance from
    // asking for longer.
    private bool MayLeaveToOthers(StapleSlot slot, StoredStaple stored) =>
        slot.Current is { } held
        && slot.Status.Failures == 0
        && stored.Staple is { } kept
        && !held.IsNewerThan(kept)
        && clock.GetUtcNow() < RefreshPlan.EndOfTrust(held);

    private bool IsPatient(StapleSlot slot)
    {
        if (slot.Status.Failures > 0 || slot.Current is not { Status.Kind: CertStatusKind.Good } staple)
            return false;
        var now = clock.GetUtcNow();
        return now < RefreshPlan.EndOfPause(staple, slot.PausedSince ??= now);
    }

    private LookupResult Shared(StapleSlot slot, VerifiedStaple staple, Action<VerifiedStaple> believe)
    {
        believe(staple);
        slot.Saved = staple;
        return new LookupResult(RefreshOutcome.Shared, staple, null, schedule.AfterSuccess(staple, null));
    }

    private async Task<LookupResult> FetchAsync(
        StapleSlot slot,
        OcspSubject subject,
        VerificationPolicy policy,
        Action<VerifiedStaple> believe,
        CancellationToken stopping
    )
    {
        var fetch = await fetcher.FetchAsync(slot.Source, subject, policy, stopping).ConfigureAwait(false);
        // Nobody was asked: others have failed too often. The certificate is not to wait for longer than the responder.
        if (fetch.RetryAfter is { } pause && fetch.Attempts.All(attempt => attempt.Failure == FetchFailure.CircuitOpen))
        {
            await Task.Delay(pause, clock, stopping).ConfigureAwait(false);
            fetch = await fetcher.FetchAsync(slot.Source, subject, policy, stopping).ConfigureAwait(false);
        }

        var outcome = RefreshDecision.Judge(fetch, slot.Newest, clock.GetUtcNow());
        if (!RefreshDecision.IsBelieved(outcome))
            return new LookupResult(outcome, null, fetch);
        believe(fetch.Staple!);
        var next = schedule.AfterSuccess(fetch.Staple!, fetch.MaxAge);
        return new LookupResult(outcome, fetch.Staple, fetch, next);
    }

    private async Task<LookupResult> SaveAsync(
        StapleSlot slot,
        LookupResult found,
        VerificationPolicy policy,
        CancellationToken stopping
    )
    {
        if (found is { Fetch: not null, Next: { } next })
        {
            await archive.SaveAsync(slot, policy, stopping).ConfigureAwait(false);
            await archive.SaveNextRefreshAsync(slot, next, stopping).ConfigureAwait(false);
        }

        return found;
    }

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SaveTimeout = TimeSpan.FromSeconds(15);
}

/// <summary>What a look came to.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Staple">The response that is believed, or null.</param>
/// <param name="Fetch">The fetch, where the source was asked.</param>
/// <param name="Next">When to look again, where a response is believed.</param>
internal sealed record LookupResult(
    RefreshOutcome Outcome,
    VerifiedStaple? Staple,
    OcspFetch? Fetch,
    DateTimeOffset? Next = null
);
