namespace OcspLab.Ocsp.Responses;

/// <summary>What a responder says of one certificate (RFC 6960 §4.2.1, CertStatus).</summary>
public sealed record CertStatus
{
    private CertStatus(CertStatusKind kind, DateTimeOffset? revokedAt, RevocationReason? reason)
    {
        Kind = kind;
        RevokedAt = revokedAt;
        Reason = reason;
    }

    /// <summary>Not revoked, as far as the responder knows.</summary>
    public static CertStatus Good { get; } = new(CertStatusKind.Good, null, null);

    /// <summary>The responder does not know the certificate.</summary>
    public static CertStatus Unknown { get; } = new(CertStatusKind.Unknown, null, null);

    /// <summary>Good, revoked or unknown.</summary>
    public CertStatusKind Kind { get; }

    /// <summary>When it was revoked or put on hold; null unless revoked.</summary>
    public DateTimeOffset? RevokedAt { get; }

    /// <summary>Why it was revoked; null unless revoked and given.</summary>
    public RevocationReason? Reason { get; }

    /// <summary>Revoked at <paramref name="revokedAt"/>, with the reason where one is given.</summary>
    public static CertStatus Revoked(DateTimeOffset revokedAt, RevocationReason? reason = null) =>
        new(CertStatusKind.Revoked, revokedAt, reason);
}

/// <summary>The alternatives of CertStatus, best first.</summary>
public enum CertStatusKind
{
    /// <summary>Not revoked.</summary>
    Good,

    /// <summary>Not known to the responder.</summary>
    Unknown,

    /// <summary>Revoked, temporarily or for good.</summary>
    Revoked,
}
