using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Ocsp.Verification;

/// <summary>
/// Proof that a response is authentic, about this certificate, and inside its validity. Only <see cref="OcspVerifier"/>
/// makes one. Immutable and thread-safe.
/// </summary>
public sealed class VerifiedStaple
{
    internal VerifiedStaple(
        ReadOnlyMemory<byte> encoded,
        CertId certId,
        CertStatus status,
        DateTimeOffset thisUpdate,
        DateTimeOffset? nextUpdate,
        DateTimeOffset producedAt,
        DateTimeOffset expiresAt,
        ResponderId responderId,
        string signer
    )
    {
        Encoded = encoded;
        CertId = certId;
        Status = status;
        ThisUpdate = thisUpdate;
        NextUpdate = nextUpdate;
        ProducedAt = producedAt;
        ExpiresAt = expiresAt;
        ResponderId = responderId;
        Signer = signer;
    }

    /// <summary>The whole OCSPResponse in DER, exactly as it was verified: what a server staples.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>The certificate that the status is of.</summary>
    public CertId CertId { get; }

    /// <summary>Good, revoked or unknown.</summary>
    public CertStatus Status { get; }

    /// <summary>When the status was known to be correct.</summary>
    public DateTimeOffset ThisUpdate { get; }

    /// <summary>When the responder promises newer information; null when it does not say.</summary>
    public DateTimeOffset? NextUpdate { get; }

    /// <summary>When the response was signed.</summary>
    public DateTimeOffset ProducedAt { get; }

    /// <summary>
    /// The end of its life: the earliest of nextUpdate (or the age bound), the notAfter of the signer, the issuer and
    /// the certificate. No clock skew is added.
    /// </summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>The signer as the response names it.</summary>
    public ResponderId ResponderId { get; }

    /// <summary>The distinguished name of the certificate that signed.</summary>
    public string Signer { get; }
}
