using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// The store as the engine sees it: what comes out was verified, what goes in never replaces something newer, and a
/// store that fails or hangs costs a line in the log and nothing else.
/// </summary>
internal sealed class StapleArchive(IStapleStore? store, TimeProvider clock, ILogger logger)
{
    private int _failing;

    /// <summary>The stored staple, if it verifies and is not expired.</summary>
    public async Task<VerifiedStaple?> LoadAsync(StapleSlot slot, VerificationPolicy policy, CancellationToken stopping)
    {
        var bytes = await TryAsync(cancellationToken => store!.LoadAsync(slot.Key, cancellationToken), null, stopping)
            .ConfigureAwait(false);
        if (bytes is null)
            return null;
        var now = clock.GetUtcNow();
        if (
            !OcspVerifier
                .Verify(bytes, slot.Subject!, policy with { Nonce = null }, now)
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

    public async Task SaveAsync(
        StapleSlot slot,
        VerifiedStaple staple,
        VerificationPolicy policy,
        CancellationToken stopping
    )
    {
        if (await LoadAsync(slot, policy, stopping).ConfigureAwait(false) is { } stored && stored.IsNewerThan(staple))
            return;
        var saved = await TryAsync(
                async cancellationToken =>
                {
                    await store!.SaveAsync(slot.Key, staple, cancellationToken).ConfigureAwait(false);
                    return true;
                },
                false,
                stopping
            )
            .ConfigureAwait(false);

        // Only what was written proves that a store works: a directory that cannot be written still has nothing to
        // read.
        if (saved && Interlocked.Exchange(ref _failing, 0) == 1)
            logger.StoreRecovered();
    }

    /// <summary>
    /// What another instance has fetched since, or is fetching now; null when it is for this one to fetch.
    /// </summary>
    public async Task<VerifiedStaple?> LoadSharedAsync(
        StapleSlot slot,
        VerificationPolicy policy,
        CancellationToken stopping
    )
    {
        if (await LoadNewerAsync(slot, policy, stopping).ConfigureAwait(false) is { } newer)
            return newer;
        var waited = TimeSpan.Zero;
        while (waited < LeaseTimeout && !await TryAcquireLeaseAsync(slot, stopping).ConfigureAwait(false))
        {
            await Task.Delay(PollInterval, clock, stopping).ConfigureAwait(false);
            waited += PollInterval;
            if (await LoadNewerAsync(slot, policy, stopping).ConfigureAwait(false) is { } other)
                return other;
        }

        // Between the last look and the lease its holder before may have saved a response and given the lease back.
        return await LoadNewerAsync(slot, policy, stopping).ConfigureAwait(false);
    }

    private async Task<VerifiedStaple?> LoadNewerAsync(
        StapleSlot slot,
        VerificationPolicy policy,
        CancellationToken stopping
    ) =>
        await LoadAsync(slot, policy, stopping).ConfigureAwait(false) is { } stored && stored.IsNewerThan(slot.Newest)
            ? stored
            : null;

    // Nobody can say: then this instance fetches.
    private Task<bool> TryAcquireLeaseAsync(StapleSlot slot, CancellationToken stopping) =>
        TryAsync(
            cancellationToken => store!.TryAcquireLeaseAsync(slot.Key, LeaseTimeout, cancellationToken),
            true,
            stopping
        );

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary to stores that anybody may write: whatever goes wrong in one must not cost a "
            + "staple."
    )]
    private async Task<T> TryAsync<T>(
        Func<CancellationToken, ValueTask<T>> attempt,
        T otherwise,
        CancellationToken stopping
    )
    {
        if (store is null)
            return otherwise;
        using var timer = new CancellationTokenSource(Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        try
        {
            // On a thread of its own: a store that blocks, or ignores the token, is left behind all the same.
            return await Task.Run(() => attempt(either.Token).AsTask(), either.Token)
                .WaitAsync(either.Token)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            if (Interlocked.Exchange(ref _failing, 1) == 0)
                logger.StoreFailed(
                    timer.IsCancellationRequested ? $"no answer within {Timeout.TotalSeconds} s" : exception.Message
                );
            return otherwise;
        }
    }

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    // As long as another instance may take for one fetch with its retries; then this one stops waiting for it.
    private static readonly TimeSpan LeaseTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
}
