using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;

namespace OcspLab.Ocsp.Signing;

/// <summary>One entry of a response to be signed.</summary>
/// <param name="CertId">The certificate, as the request named it.</param>
/// <param name="Status">What is known of it.</param>
/// <param name="ThisUpdate">When that was known to be correct.</param>
/// <param name="NextUpdate">When newer information will be available, or null to leave it out.</param>
public sealed record OcspResponseEntry(
    CertId CertId,
    CertStatus Status,
    DateTimeOffset ThisUpdate,
    DateTimeOffset? NextUpdate
)
{
    /// <summary>
    /// How far back revocations of expired certificates are kept (RFC 6960 §4.4.4), or null to leave it out.
    /// </summary>
    public DateTimeOffset? ArchiveCutoff { get; init; }

    /// <summary>
    /// Since when the key is known or suspected to be compromised (RFC 5280 §5.3.2, RFC 6960 §4.4.5), or null to leave
    /// it out.
    /// </summary>
    public DateTimeOffset? InvalidityDate { get; init; }

    /// <summary>The CRL on which the certificate is found (RFC 6960 §4.4.2), or null to leave it out.</summary>
    public CrlReference? Crl { get; init; }
}
