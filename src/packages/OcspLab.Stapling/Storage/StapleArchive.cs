using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// The store as the engine sees it: what comes out was verified, what goes in is the newest that is known, and a store
/// that fails or hangs costs a line in the log and nothing else.
/// </summary>
internal sealed class StapleArchive(StoreAttempts attempts, FleetNews fleet, TimeProvider clock, ILogger logger)
{
    /// <summary>Whether other instances may have fetched, or be fetching.</summary>
    public bool IsShared => attempts.Store is { IsShared: true };

    /// <summary>Whether the store has failed, and is left alone most of the time.</summary>
    public bool IsOut => attempts.IsOut;

    /// <summary>Whether the newest response of a certificate has not reached the store.</summary>
    public bool IsUnsaved(StapleSlot slot) =>
        attempts.Store is not null && slot.Newest is { } newest && !ReferenceEquals(slot.Saved, newest);

    /// <summary>The stored staple, if it verifies and is not expired.</summary>
    public async Task<VerifiedStaple?> LoadAsync(StapleSlot slot, VerificationPolicy policy, CancellationToken stopping)
    {
        var bytes = await attempts
            .TryAsync(
                (store, cancellationToken) => store.LoadAsync(slot.Key, cancellationToken),
                null,
                Concern.OneKey,
                stopping
            )
            .ConfigureAwait(false);
        // Whoever can write there has no limit to keep.
        if (bytes is null || bytes.Length > OcspResponse.MaximumLength || slot.Subject is not { } subject)
            return null;
        var now = clock.GetUtcNow();
        if (
            !OcspVerifier
                .Verify(bytes, subject, policy with { Nonce = null }, now)
                .TryGetStaple(out var staple, out var rejection)
        )
        {
            // An outdated one is no news: the server was off for a while.
            if (rejection.Reason is not (RejectionReason.Expired or RejectionReason.TooOld))
                logger.StoredRejected(slot.Name, rejection.ToString());
            return null;
        }

        return staple.ExpiresAt > now && staple.Status.Kind != CertStatusKind.Unknown ? staple : null;
    }

    /// <summary>
    /// What the store has, and when the instance that asked last means to ask again. That counts only together with a
    /// response that verifies, and is read before it: whoever asks writes it afterwards.
    /// </summary>
    public async Task<StoredStaple> LoadSharedAsync(
        StapleSlot slot,
        VerificationPolicy policy,
        CancellationToken stopping
    )
    {
        var next = await LoadNextRefreshAsync(slot, stopping).ConfigureAwait(false);
        var stored = await CompareAsync(slot, policy, stopping).ConfigureAwait(false);
        return new StoredStaple(stored, stored is null ? null : next);
    }

    /// <summary>What another instance has fetched since; null where that is nothing newer than what is held.</summary>
    public async Task<VerifiedStaple?> LoadNewerAsync(
        StapleSlot slot,
        VerificationPolicy policy,
        CancellationToken stopping
    ) =>
        await CompareAsync(slot, policy, stopping).ConfigureAwait(false) is { } stored
        && stored.IsNewerThan(slot.Newest)
            ? stored
            : null;

    /// <summary>
    /// Keeps the newest response of a certificate, unless a newer one is kept already. Where another attempt is still
    /// writing, or was left behind at it, this one is for later: a write that ends late must not be the last word.
    /// </summary>
    public async Task SaveAsync(StapleSlot slot, VerificationPolicy policy, CancellationToken stopping)
    {
        if (slot.Newest is not { } staple || !IsUnsaved(slot))
            return;
        if (await LoadAsync(slot, policy, stopping).ConfigureAwait(false) is { } stored && stored.IsNewerThan(staple))
        {
            slot.Saved = staple;
            return;
        }

        var isSaved = await attempts
            .TryAsync(
                (store, cancellationToken) => WriteAsync(store, slot, staple, cancellationToken),
                false,
                Concern.Store,
                stopping
            )
            .ConfigureAwait(false);
        if (!isSaved)
            return;
        slot.Saved = staple;
        // Only what was written proves that a store works: a directory that cannot be written still has nothing to
        // read.
        if (attempts.Recover())
            logger.StoreRecovered();
        if (IsShared)
            await fleet.TellAsync(slot.Key, stopping).ConfigureAwait(false);
    }

    /// <summary>When the instance that asked last means to ask again, if that is in the future; else null.</summary>
    private async Task<DateTimeOffset?> LoadNextRefreshAsync(StapleSlot slot, CancellationToken stopping) =>
        IsShared
        && await attempts
            .TryAsync(
                (store, cancellationToken) => store.LoadNextRefreshAsync(slot.Key, cancellationToken),
                null,
                Concern.Store,
                stopping
            )
            .ConfigureAwait(false)
            is { } at
        && at > clock.GetUtcNow()
            ? at
            : null;

    /// <summary>Tells the others when this instance, which has just asked, means to ask again.</summary>
    public Task SaveNextRefreshAsync(StapleSlot slot, DateTimeOffset at, CancellationToken stopping) =>
        IsShared && at > clock.GetUtcNow()
            ? attempts.TryAsync(
                async (store, cancellationToken) =>
                {
                    await store.SaveNextRefreshAsync(slot.Key, at, cancellationToken).ConfigureAwait(false);
                    return true;
                },
                false,
                Concern.Store,
                stopping
            )
            : Task.CompletedTask;

    /// <summary>Asks for the lease to fetch.</summary>
    public Task<LeaseState> TryAcquireLeaseAsync(StapleSlot slot, TimeSpan duration, CancellationToken stopping) =>
        attempts.TryAsync(
            async (store, cancellationToken) =>
                await store.TryAcquireLeaseAsync(slot.Key, duration, cancellationToken).ConfigureAwait(false)
                    ? LeaseState.Granted
                    : LeaseState.Held,
            LeaseState.Unknown,
            Concern.Store,
            stopping
        );

    /// <summary>
    /// Gives the lease back, also when the host stops: the others would wait for it. A store that is out is told all
    /// the same, and not waited for.
    /// </summary>
    public Task ReleaseLeaseAsync(StapleSlot slot)
    {
        var releasing = attempts.TryOnceAsync(
            (store, cancellationToken) => store.ReleaseLeaseAsync(slot.Key, cancellationToken)
        );
        return IsOut ? Task.CompletedTask : releasing;
    }

    /// <summary>
    /// The issuer that was downloaded before, or null. Nobody has looked yet whether it is the issuer.
    /// </summary>
    public async Task<X509Certificate2?> LoadIssuerAsync(string key, CancellationToken stopping)
    {
        var bytes = await attempts
            .TryAsync(
                (store, cancellationToken) => store.LoadIssuerAsync(key, cancellationToken),
                null,
                Concern.OneKey,
                stopping
            )
            .ConfigureAwait(false);
        try
        {
            return bytes is null ? null : X509CertificateLoader.LoadCertificate(bytes);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Keeps an issuer that was downloaded.</summary>
    public Task SaveIssuerAsync(string key, X509Certificate2 issuer, CancellationToken stopping) =>
        attempts.TryAsync(
            async (store, cancellationToken) =>
            {
                await store.SaveIssuerAsync(key, issuer.RawData, cancellationToken).ConfigureAwait(false);
                return true;
            },
            false,
            Concern.Store,
            stopping
        );

    /// <summary>Removes what is of no use any more.</summary>
    public Task SweepAsync(CancellationToken stopping) =>
        attempts.TryAsync(
            async (store, cancellationToken) =>
            {
                await store.SweepAsync(clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
                return true;
            },
            false,
            Concern.OneKey,
            stopping
        );

    // What was lost, or was written last by somebody who knew less, is kept again the next time.
    private async Task<VerifiedStaple?> CompareAsync(
        StapleSlot slot,
        VerificationPolicy policy,
        CancellationToken stopping
    )
    {
        var stored = await LoadAsync(slot, policy, stopping).ConfigureAwait(false);
        if (slot.Newest is { } newest && (stored is null || newest.IsNewerThan(stored)))
            slot.Saved = null;
        return stored;
    }

    private static async ValueTask<bool> WriteAsync(
        IStapleStore store,
        StapleSlot slot,
        VerifiedStaple staple,
        CancellationToken cancellationToken
    )
    {
        if (!slot.TryBeginSaving())
            throw new IOException("an earlier write has not ended");
        try
        {
            await store.SaveAsync(slot.Key, staple, cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            // Whatever was written meanwhile by others: nobody knows what is there until the next one has written.
            slot.Saved = null;
            slot.EndSaving();
        }
    }
}

/// <summary>What a store has about a certificate.</summary>
/// <param name="Staple">The response, verified and not expired, or null.</param>
/// <param name="NextRefresh">When the instance that asked last means to ask again, or null.</param>
internal sealed record StoredStaple(VerifiedStaple? Staple, DateTimeOffset? NextRefresh);

/// <summary>What a store has said of a lease.</summary>
internal enum LeaseState
{
    /// <summary>Nothing: it does not answer. Its answer may have been lost, and the lease be taken.</summary>
    Unknown,

    /// <summary>It is this instance's.</summary>
    Granted,

    /// <summary>It is another instance's.</summary>
    Held,
}
