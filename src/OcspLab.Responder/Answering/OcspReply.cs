using System.Globalization;
using System.Security.Cryptography;

namespace OcspLab.Responder;

/// <summary>A response ready to be sent, and what HTTP caches may do with it; null for nothing.</summary>
internal sealed record OcspReply(ReadOnlyMemory<byte> Body, string Outcome, Caching? Caching);

/// <summary>The cache headers of an answer (RFC 9919 §7.2), spelt once.</summary>
internal sealed class Caching
{
    private readonly DateTimeOffset _freshUntil;
    private readonly TimeSpan _maximumAge;

    /// <param name="body">The answer.</param>
    /// <param name="thisUpdate">When its status was known to be correct.</param>
    /// <param name="nextUpdate">When it ends.</param>
    /// <param name="freshUntil">When there will be a newer one.</param>
    /// <param name="maximumAge">The longest that a cache may keep it.</param>
    public Caching(ReadOnlySpan<byte> body, DateTimeOffset thisUpdate, DateTimeOffset nextUpdate, DateTimeOffset freshUntil, TimeSpan maximumAge)
    {
        ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(body))}\"";
        LastModified = HttpDate(thisUpdate);
        Expires = HttpDate(nextUpdate);
        _freshUntil = freshUntil;
        _maximumAge = maximumAge;
    }

    public string ETag { get; }

    public string LastModified { get; }

    public string Expires { get; }

    /// <summary>Counted from now: a cache must let go before nextUpdate, and before a newer answer is given.</summary>
    public string CacheControl(DateTimeOffset now)
    {
        var left = _freshUntil - now;
        var age = left < _maximumAge ? left : _maximumAge;
        return $"max-age={Math.Max(0, (long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture)}, public, no-transform, must-revalidate";
    }

    // RFC 9110 §5.6.7
    private static string HttpDate(DateTimeOffset instant) => instant.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture);
}
