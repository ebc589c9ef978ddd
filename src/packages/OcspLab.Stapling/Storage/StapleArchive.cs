using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
internal sealed class StapleArchive(IStapleStore? store, BlockingThreads threads, TimeProvider clock, ILogger logger)
{
    private readonly Lock _gate = new();
    private bool _isFailing;
    private long _failedAt;

    /// <summary>Whether other instances may have fetched, or be fetching.</summary>
    public bool IsShared => store is { IsShared: true };

    /// <summary>The stored staple, if it verifies and is not expired.</summary>
    public async Task<VerifiedStaple?> LoadAsync(StapleSlot slot, VerificationPolicy policy, CancellationToken stopping)
    {
        var bytes = await TryAsync(cancellationToken => store!.LoadAsync(slot.Key, cancellationToken), null, stopping)
            .ConfigureAwait(false);
        if (bytes is null || slot.Subject is not { } subject)
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

    /// <summary>What another instance has fetched since; null where that is nothing newer than what is held.</summary>
    public async Task<VerifiedStaple?> LoadNewerAsync(
        StapleSlot slot,
        VerificationPolicy policy,
        CancellationToken stopping
    ) =>
        await LoadAsync(slot, policy, stopping).ConfigureAwait(false) is { } stored && stored.IsNewerThan(slot.Newest)
            ? stored
            : null;

    /// <summary>Keeps a response, unless a newer one is kept already.</summary>
    public async Task SaveAsync(
        StapleSlot slot,
        VerifiedStaple staple,
        VerificationPolicy policy,
        CancellationToken stopping
    )
    {
        if (await LoadAsync(slot, policy, stopping).ConfigureAwait(false) is { } stored && stored.IsNewerThan(staple))
        {
            slot.IsUnsaved = false;
            return;
        }

        var isSaved = await TryAsync(
                async cancellationToken =>
                {
                    await store!.SaveAsync(slot.Key, staple, cancellationToken).ConfigureAwait(false);
                    return true;
                },
                false,
                stopping
            )
            .ConfigureAwait(false);
        slot.IsUnsaved = store is not null && !isSaved;

        // Only what was written proves that a store works: a directory that cannot be written still has nothing to
        // read.
        if (isSaved && Recover())
            logger.StoreRecovered();
    }

    /// <summary>Asks for the lease to fetch. Where nobody can say, this instance fetches.</summary>
    public Task<bool> TryAcquireLeaseAsync(StapleSlot slot, CancellationToken stopping) =>
        TryAsync(
            cancellationToken => store!.TryAcquireLeaseAsync(slot.Key, LeaseTime, cancellationToken),
            true,
            stopping
        );

    /// <summary>Gives the lease back.</summary>
    public Task ReleaseLeaseAsync(StapleSlot slot, CancellationToken stopping) =>
        TryAsync(
            async cancellationToken =>
            {
                await store!.ReleaseLeaseAsync(slot.Key, cancellationToken).ConfigureAwait(false);
                return true;
            },
            false,
            stopping
        );

    /// <summary>
    /// The issuer that was downloaded before, or null. Nobody has looked yet whether it is the issuer.
    /// </summary>
    public async Task<X509Certificate2?> LoadIssuerAsync(string key, CancellationToken stopping)
    {
        var bytes = await TryAsync(cancellationToken => store!.LoadIssuerAsync(key, cancellationToken), null, stopping)
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
        TryAsync(
            async cancellationToken =>
            {
                await store!.SaveIssuerAsync(key, issuer.RawData, cancellationToken).ConfigureAwait(false);
                return true;
            },
            false,
            stopping
        );

    /// <summary>Removes what is of no use any more.</summary>
    public Task SweepAsync(CancellationToken stopping) =>
        TryAsync(
            async cancellationToken =>
            {
                await store!.SweepAsync(clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
                return true;
            },
            false,
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
        if (store is null || IsLeftAlone())
            return otherwise;
        using var timer = new CancellationTokenSource(Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        try
        {
            return await threads.RunAsync(attempt, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            if (Fail())
                logger.StoreFailed(
                    timer.IsCancellationRequested ? $"no answer within {Timeout.TotalSeconds} s" : exception.Message
                );
            return otherwise;
        }
    }

    private bool IsLeftAlone()
    {
        lock (_gate)
            return _isFailing && clock.GetElapsedTime(_failedAt) < Pause;
    }

    /// <returns>Whether that is news.</returns>
    private bool Fail()
    {
        lock (_gate)
        {
            var isNews = !_isFailing;
            _isFailing = true;
            _failedAt = clock.GetTimestamp();
            return isNews;
        }
    }

    /// <returns>Whether that is news.</returns>
    private bool Recover()
    {
        lock (_gate)
        {
            var isNews = _isFailing;
            _isFailing = false;
            return isNews;
        }
    }

    /// <summary>
    /// As long as another instance may take for one fetch with its retries; then this one stops waiting for it.
    /// </summary>
    public static TimeSpan LeaseTime { get; } = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
}
