using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Requests;
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
    IOptionsMonitor<OcspClientOptions> clients,
    TimeProvider clock
)
{
    /// <param name="slot">The certificate.</param>
    /// <param name="subject">It and its issuer.</param>
    /// <param name="policy">How responses are verified.</param>
    /// <param name="isManual">Whether the source itself is to be asked, whatever others have fetched.</param>
    /// <param name="believe">Puts a response in force; called before it is saved.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task<LookupResult> FindAsync(
        StapleSlot slot,
        OcspSubject subject,
        VerificationPolicy policy,
        bool isManual,
        Action<VerifiedStaple> believe,
        CancellationToken stopping
    )
    {
        if (!isManual && archive.IsShared)
            return await AskForAllAsync(slot, subject, policy, believe, stopping).ConfigureAwait(false);
        var found = await AskAloneAsync(slot, subject, policy, isManual, believe, stopping).ConfigureAwait(false);
        // The responder need not wait for a disk.
        await SaveAsync(slot, found, policy, stopping).ConfigureAwait(false);
        return found;
    }

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

    private async Task<LookupResult> AskForAllAsync(
        StapleSlot slot,
        OcspSubject subject,
        VerificationPolicy policy,
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
                var isOurs = await archive.TryAcquireLeaseAsync(slot, lease, stopping).ConfigureAwait(false);
                // A lease ends by itself, and somebody else may have it then. Whoever waits for longer has a store that
                // does not keep what it promises.
                if (isOurs || clock.GetElapsedTime(refusedAt ??= clock.GetTimestamp()) >= 2 * lease)
                {
                    try
                    {
                        // Between the last look and the lease its holder before may have saved a response and given the
                        // lease back.
                        if (await archive.LoadNewerAsync(slot, policy, stopping).ConfigureAwait(false) is { } meanwhile)
                            return Shared(slot, meanwhile, believe);
                        var found = await FetchAsync(slot, subject, policy, believe, stopping).ConfigureAwait(false);
                        await SaveAsync(slot, found, policy, stopping).ConfigureAwait(false);
                        return found;
                    }
                    finally
                    {
                        if (isOurs)
                            await archive.ReleaseLeaseAsync(slot).ConfigureAwait(false);
                    }
                }
            }

            // Another instance is at it.
            await Task.Delay(PollInterval, clock, stopping).ConfigureAwait(false);
        }
    }

    private static LookupResult Shared(StapleSlot slot, VerifiedStaple staple, Action<VerifiedStaple> believe)
    {
        believe(staple);
        slot.Saved = staple;
        return new LookupResult(RefreshOutcome.Shared, staple, null);
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
        return new LookupResult(outcome, fetch.Staple, fetch);
    }

    private Task SaveAsync(
        StapleSlot slot,
        LookupResult found,
        VerificationPolicy policy,
        CancellationToken stopping
    ) =>
        found is { Fetch: not null, Staple: not null } ? archive.SaveAsync(slot, policy, stopping) : Task.CompletedTask;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SaveTimeout = TimeSpan.FromSeconds(15);
}

/// <summary>What a look came to.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Staple">The response that is believed, or null.</param>
/// <param name="Fetch">The fetch, where the source was asked.</param>
internal sealed record LookupResult(RefreshOutcome Outcome, VerifiedStaple? Staple, OcspFetch? Fetch);
