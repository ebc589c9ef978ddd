using System.Globalization;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Storage;

/// <summary>
/// The application's distributed cache. It has no "set if absent", so a lease is written and, a moment later, read
/// back: of those who wrote at once the last one has it. Where the cache is slower than that two may fetch, which costs
/// a request and nothing else.
/// </summary>
internal sealed class DistributedStapleStore(IDistributedCache cache, TimeProvider clock) : IStapleStore
{
    private readonly byte[] _self = Encoding.ASCII.GetBytes(Guid.NewGuid().ToString("N"));

    public async ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
        await cache.GetAsync(StapleKey(certificate), cancellationToken).ConfigureAwait(false);

    public async ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) =>
        await cache
            .SetAsync(
                StapleKey(certificate),
                staple.Encoded.ToArray(),
                new DistributedCacheEntryOptions { AbsoluteExpiration = staple.ExpiresAt },
                cancellationToken
            )
            .ConfigureAwait(false);

    public async ValueTask<bool> TryAcquireLeaseAsync(
        string certificate,
        TimeSpan duration,
        CancellationToken cancellationToken
    )
    {
        var key = LeaseKey(certificate);
        if (await cache.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } holder)
            return holder.AsSpan().SequenceEqual(_self);
        await cache
            .SetAsync(
                key,
                _self,
                new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = duration },
                cancellationToken
            )
            .ConfigureAwait(false);
        await Task.Delay(SettleDelay, clock, cancellationToken).ConfigureAwait(false);
        return await cache.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } now
            && now.AsSpan().SequenceEqual(_self);
    }

    public async ValueTask ReleaseLeaseAsync(string certificate, CancellationToken cancellationToken)
    {
        var key = LeaseKey(certificate);
        // Not another's, who took it when this one's had run out.
        if (
            await cache.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } holder
            && holder.AsSpan().SequenceEqual(_self)
        )
            await cache.RemoveAsync(key, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<DateTimeOffset?> LoadNextRefreshAsync(
        string certificate,
        CancellationToken cancellationToken
    ) =>
        await cache.GetAsync(NextRefreshKey(certificate), cancellationToken).ConfigureAwait(false) is { } value
        && DateTimeOffset.TryParseExact(
            Encoding.ASCII.GetString(value),
            "O",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var at
        )
            ? at
            : null;

    public async ValueTask SaveNextRefreshAsync(
        string certificate,
        DateTimeOffset at,
        CancellationToken cancellationToken
    ) =>
        await cache
            .SetAsync(
                NextRefreshKey(certificate),
                Encoding.ASCII.GetBytes(at.ToString("O", CultureInfo.InvariantCulture)),
                new DistributedCacheEntryOptions { AbsoluteExpiration = at },
                cancellationToken
            )
            .ConfigureAwait(false);

    public async ValueTask<byte[]?> LoadIssuerAsync(string certificate, CancellationToken cancellationToken) =>
        await cache.GetAsync(IssuerKey(certificate), cancellationToken).ConfigureAwait(false);

    public async ValueTask SaveIssuerAsync(
        string certificate,
        ReadOnlyMemory<byte> issuer,
        CancellationToken cancellationToken
    ) =>
        await cache
            .SetAsync(
                IssuerKey(certificate),
                issuer.ToArray(),
                new DistributedCacheEntryOptions { SlidingExpiration = IssuerLife },
                cancellationToken
            )
            .ConfigureAwait(false);

    private static readonly TimeSpan IssuerLife = TimeSpan.FromDays(30);
    private static readonly TimeSpan SettleDelay = TimeSpan.FromMilliseconds(250);

    private static string StapleKey(string certificate) => "ocsp-staple:" + certificate;

    private static string IssuerKey(string certificate) => "ocsp-issuer:" + certificate;

    private static string NextRefreshKey(string certificate) => "ocsp-next-refresh:" + certificate;

    private static string LeaseKey(string certificate) => "ocsp-lease:" + certificate;
}
