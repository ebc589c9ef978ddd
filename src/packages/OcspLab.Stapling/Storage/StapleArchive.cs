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
/// The store as the engine sees it: what comes out was verified, what goes in is the newest that is known, and a store
/// that fails or hangs costs a line in the log and nothing else.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "A source without a timer holds nothing; whoever waits on its token may still do so."
)]
internal sealed class StapleArchive(IStapleStore? store, BlockingThreads threads, TimeProvider clock, ILogger logger)
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _leftAlone = new();
    private bool _isFailing;
    private long? _failedAt;

    /// <summary>Whether other instances may have fetched, or be fetching.</summary>
    public bool IsShared => store is { IsShared: true };

    /// <summary>Whether the newest response of a certificate has not reached the store.</summary>
    public bool IsUnsaved(StapleSlot slot) =>
        store is not null && slot.Newest is { } newest && !ReferenceEquals(slot.Saved, newest);

    /// <summary>The stored staple, if it verifies and is not expired.</summary>
    public async Task<VerifiedStaple?> LoadAsync(StapleSlot slot, VerificationPolicy policy, CancellationToken stopping)
    {
        var bytes = await TryAsync(
                cancellationToken => store!.LoadAsync(slot.Key, cancellationToken),
                null,
                Concern.OneKey,
                stopping
            )
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

        var isSaved = await TryAsync(
                cancellationToken => WriteAsync(slot, staple, cancellationToken),
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
        if (Recover())
            logger.StoreRecovered();
    }

    /// <summary>Asks for the lease to fetch. Where nobody can say, this instance fetches.</summary>
    public Task<bool> TryAcquireLeaseAsync(StapleSlot slot, TimeSpan duration, CancellationToken stopping) =>
        TryAsync(
            cancellationToken => store!.TryAcquireLeaseAsync(slot.Key, duration, cancellationToken),
            true,
            Concern.Store,
            stopping
        );

    /// <summary>Gives the lease back, also when the host stops: the others would wait for it.</summary>
    public Task ReleaseLeaseAsync(StapleSlot slot) =>
        TryAsync(
            async cancellationToken =>
            {
                await store!.ReleaseLeaseAsync(slot.Key, cancellationToken).ConfigureAwait(false);
                return true;
            },
            false,
            Concern.Store,
            CancellationToken.None
        );

    /// <summary>
    /// The issuer that was downloaded before, or null. Nobody has looked yet whether it is the issuer.
    /// </summary>
    public async Task<X509Certificate2?> LoadIssuerAsync(string key, CancellationToken stopping)
    {
        var bytes = await TryAsync(
                cancellationToken => store!.LoadIssuerAsync(key, cancellationToken),
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
        TryAsync(
            async cancellationToken =>
            {
                await store!.SaveIssuerAsync(key, issuer.RawData, cancellationToken).ConfigureAwait(false);
                return true;
            },
            false,
            Concern.Store,
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
            Concern.OneKey,
            stopping
        );

    private async ValueTask<bool> WriteAsync(
        StapleSlot slot,
        VerifiedStaple staple,
        CancellationToken cancellationToken
    )
    {
        if (!slot.TryBeginSaving())
            throw new IOException("an earlier write has not ended");
        try
        {
            await store!.SaveAsync(slot.Key, staple, cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            // Whatever was written meanwhile by others: nobody knows what is there until the next one has written.
            slot.Saved = null;
            slot.EndSaving();
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary to stores that anybody may write: whatever goes wrong in one must not cost a "
            + "staple."
    )]
    private async Task<T> TryAsync<T>(
        Func<CancellationToken, ValueTask<T>> attempt,
        T otherwise,
        Concern concern,
        CancellationToken stopping
    )
    {
        if (store is null || !MayTry(out var isProbe, out var leftAlone))
            return otherwise;
        using var timer = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, leftAlone, stopping);
        ITimer? deadline = null;
        // Whoever tries whether a store works again may find all threads stuck in it.
        if (isProbe)
            StartDeadline();
        try
        {
            var result = await threads
                .RunAsync(
                    cancellationToken =>
                    {
                        // From here on: what waits for a thread while ten thousand are saved is not slow by itself.
                        StartDeadline();
                        return attempt(cancellationToken);
                    },
                    either.Token
                )
                .ConfigureAwait(false);
            MayTryAgain();
            return result;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            var isTimeout = timer.IsCancellationRequested;
            // One that was given up because another has failed says nothing, and a file that cannot be read is no store
            // that cannot be written.
            if ((isTimeout || (concern == Concern.Store && !leftAlone.IsCancellationRequested)) && Fail())
                logger.StoreFailed(isTimeout ? $"no answer within {Timeout.TotalSeconds} s" : exception.Message);
            return otherwise;
        }
        finally
        {
            if (deadline is not null)
                await deadline.DisposeAsync().ConfigureAwait(false);
        }

        void StartDeadline() => deadline ??= clock.CreateTimer(GiveUp, timer, Timeout, Never);
    }

    private static void GiveUp(object? timer)
    {
        try
        {
            ((CancellationTokenSource)timer!).Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The attempt was over at the same moment.
        }
    }

    /// <summary>Whether the store is tried now: while it fails once in a while, by one alone.</summary>
    private bool MayTry(out bool isProbe, out CancellationToken leftAlone)
    {
        lock (_gate)
        {
            leftAlone = _leftAlone.Token;
            isProbe = _failedAt is not null;
            if (_failedAt is not { } failedAt)
                return true;
            if (clock.GetElapsedTime(failedAt) < RetryDelay)
                return false;
            _failedAt = clock.GetTimestamp();
            return true;
        }
    }

    private void MayTryAgain()
    {
        lock (_gate)
            _failedAt = null;
    }

    /// <returns>Whether that is news.</returns>
    private bool Fail()
    {
        CancellationTokenSource waiting;
        bool isNews;
        lock (_gate)
        {
            isNews = !_isFailing;
            _isFailing = true;
            _failedAt = clock.GetTimestamp();
            (waiting, _leftAlone) = (_leftAlone, new CancellationTokenSource());
        }

        // Those that wait for a thread need not find out for themselves.
        waiting.Cancel();
        return isNews;
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

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Never = System.Threading.Timeout.InfiniteTimeSpan;

    private enum Concern
    {
        /// <summary>What goes wrong says nothing about other certificates.</summary>
        OneKey,

        /// <summary>What goes wrong says that the store does not work.</summary>
        Store,
    }
}
