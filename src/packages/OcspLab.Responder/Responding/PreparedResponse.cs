using System.Globalization;
using System.Security.Cryptography;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Responding;

/// <summary>A response ready to be sent.</summary>
/// <param name="Body">OCSPResponse in DER.</param>
/// <param name="Outcome">What it says.</param>
/// <param name="Caching">What HTTP caches may do with it, or null for nothing.</param>
/// <param name="SerialNumbers">The certificates that were asked about, as far as they could be read.</param>
internal sealed record PreparedResponse(
    ReadOnlyMemory<byte> Body,
    ResponseOutcome Outcome,
    Caching? Caching,
    IReadOnlyList<string> SerialNumbers
)
{
    /// <summary>One that nobody signs (RFC 6960 §2.3): five bytes.</summary>
    public static PreparedResponse Error(OcspResponseStatus status, IReadOnlyList<string>? serialNumbers = null) =>
        new(OcspResponseBuilder.BuildError(status), ResponseOutcomes.Of(status), null, serialNumbers ?? []);
}

/// <summary>The cache headers of an answer (RFC 9919 §7.2), spelt once.</summary>
internal sealed class Caching
{
    private readonly DateTimeOffset _freshUntil;
    private readonly TimeSpan _maximumAge;
    private Spelling _control = new(-1, "");

    /// <param name="body">The answer.</param>
    /// <param name="thisUpdate">When its status was known to be correct.</param>
    /// <param name="nextUpdate">When it ends.</param>
    /// <param name="freshUntil">When there will be a newer one.</param>
    /// <param name="maximumAge">The longest that a cache may keep it.</param>
    public Caching(
        ReadOnlySpan<byte> body,
        DateTimeOffset thisUpdate,
        DateTimeOffset nextUpdate,
        DateTimeOffset freshUntil,
        TimeSpan maximumAge
    )
    {
        ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(body))}\"";
        ThisUpdate = thisUpdate;
        LastModified = HttpDate(thisUpdate);
        Expires = HttpDate(nextUpdate);
        _freshUntil = freshUntil;
        _maximumAge = maximumAge;
    }

    public DateTimeOffset ThisUpdate { get; }

    public string ETag { get; }

    public string LastModified { get; }

    public string Expires { get; }

    /// <summary>Whether who has what there was at that time has this (RFC 9110 §13.1.3).</summary>
    public bool IsUnmodifiedSince(string date) =>
        date == LastModified
        || (
            DateTimeOffset.TryParseExact(date, "R", CultureInfo.InvariantCulture, DateTimeStyles.None, out var since)
            // The header has no fractions of a second.
            && since.AddSeconds(1) > ThisUpdate
        );

    /// <summary>Counted from now: a cache must let go before nextUpdate, and before a newer answer is given.</summary>
    public string CacheControl(DateTimeOffset now)
    {
        var left = _freshUntil - now;
        var seconds = Math.Max(0, (long)(left < _maximumAge ? left : _maximumAge).TotalSeconds);
        // The same for a second or longer: most requests find it spelt.
        var control = Volatile.Read(ref _control);
        if (control.Seconds != seconds)
            Volatile.Write(
                ref _control,
                control = new Spelling(
                    seconds,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"max-age={seconds}, public, no-transform, must-revalidate"
                    )
                )
            );
        return control.Text;
    }

    private sealed record Spelling(long Seconds, string Text);

    // RFC 9110 §5.6.7
    private static string HttpDate(DateTimeOffset instant) =>
        instant.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture);
}
