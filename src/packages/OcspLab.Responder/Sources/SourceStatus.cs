using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;

namespace OcspLab.Responder.Sources;

/// <summary>What a source knows of one certificate.</summary>
/// <param name="Status">Good or revoked.</param>
public sealed record SourceStatus(CertStatus Status)
{
    /// <summary>
    /// Whether the source names this certificate. There is no end to serial numbers that it does not name: what is said
    /// of such a one is not kept. Default true.
    /// </summary>
    public bool IsListed { get; init; } = true;

    /// <summary>When the status last changed, or null when it never did. No answer dates back to before it.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>
    /// When the status was known to be correct (thisUpdate), for sources that are not always up to date; null for now.
    /// </summary>
    public DateTimeOffset? KnownAt { get; init; }

    /// <summary>
    /// When the source will know more at the latest; no answer lasts longer. Null when there is no such time.
    /// </summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>
    /// Since when the key of a revoked certificate is known or suspected to be compromised (invalidity date, RFC 5280
    /// §5.3.2), or null.
    /// </summary>
    public DateTimeOffset? InvalidSince { get; init; }

    /// <summary>The CRL that says so, or null.</summary>
    public CrlReference? Crl { get; init; }
}
