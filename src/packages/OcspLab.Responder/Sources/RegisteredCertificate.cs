using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Sources;

/// <summary>A certificate that the authority issued, and whether it was revoked.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="SerialNumber">The serial in lower-case hexadecimal, as its INTEGER's content octets.</param>
/// <param name="IssuedAt">When it was registered.</param>
/// <param name="NotAfter">End of its validity.</param>
/// <param name="RevokedAt">When it was revoked, or null.</param>
/// <param name="Reason">Why, or null.</param>
/// <param name="ChangedAt">When it was last revoked or restored, or null.</param>
public sealed record RegisteredCertificate(
    string Name,
    string SerialNumber,
    DateTimeOffset IssuedAt,
    DateTimeOffset NotAfter,
    DateTimeOffset? RevokedAt = null,
    RevocationReason? Reason = null,
    DateTimeOffset? ChangedAt = null
)
{
    internal SourceStatus ToStatus() =>
        new(RevokedAt is { } at ? CertStatus.Revoked(at, Reason) : CertStatus.Good)
        {
            ChangedAt = ChangedAt ?? RevokedAt,
        };
}
