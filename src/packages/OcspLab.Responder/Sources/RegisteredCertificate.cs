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
    /// <summary>
    /// Since when its key is known or suspected to be compromised (invalidity date, RFC 5280 §5.3.2), or null.
    /// </summary>
    public DateTimeOffset? InvalidSince { get; init; }

    /// <summary>What somebody else's program wrote, if it can be said in an answer.</summary>
    /// <exception cref="InvalidDataException">It cannot: a reason or a time that is none.</exception>
    internal RegisteredCertificate Checked()
    {
        if (Reason is { } reason && !Enum.IsDefined(reason))
            throw new InvalidDataException($"the reason of certificate {SerialNumber} is {(int)reason}, which is none");
        // PostgreSQL's infinity.
        foreach (var time in (DateTimeOffset?[])[RevokedAt, InvalidSince])
        {
            if (time == DateTimeOffset.MinValue || time == DateTimeOffset.MaxValue)
                throw new InvalidDataException($"certificate {SerialNumber} was revoked at {time:u}, which is no time");
        }

        return this;
    }

    internal SourceStatus ToStatus() =>
        new(RevokedAt is { } at ? CertStatus.Revoked(at, Reason) : CertStatus.Good)
        {
            ChangedAt = ChangedAt ?? RevokedAt,
            InvalidSince = RevokedAt is null ? null : InvalidSince,
        };
}
