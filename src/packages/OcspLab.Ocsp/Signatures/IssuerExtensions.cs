using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;

namespace OcspLab.Ocsp.Signatures;

/// <summary>Who issued a certificate.</summary>
public static class IssuerExtensions
{
    /// <summary>
    /// Whether <paramref name="candidate"/> issued the certificate: it has the issuer's name, the key identifiers do
    /// not contradict (RFC 5280 §4.2.1.1), and its key made the signature. Says nothing of trust, times or
    /// constraints.
    /// </summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="candidate">Who may have issued it.</param>
    /// <returns>False also where one of the two cannot be read.</returns>
    public static bool IsIssuedBy(this X509Certificate2 certificate, X509Certificate2 candidate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(candidate);
        try
        {
            if (!certificate.IssuerName.RawData.AsSpan().SequenceEqual(candidate.SubjectName.RawData))
                return false;
            // What they contain is decoded here, and may be anything.
            if (
                KeyIdentifierOfIssuer(certificate) is { } named
                && KeyIdentifier(candidate) is { } own
                && !named.Span.SequenceEqual(own.Span)
            )
                return false;
            var (issued, issuer) = (CertificateBytes.Of(certificate), CertificateBytes.Of(candidate));
            return SignatureScheme.From(issued.SignatureAlgorithm, AsnEncodingRules.DER) is { } scheme
                && SignatureVerifier.Verify(scheme, issuer.PublicKeyInfo, issued.Tbs, issued.Signature);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static ReadOnlyMemory<byte>? KeyIdentifierOfIssuer(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier;

    private static ReadOnlyMemory<byte>? KeyIdentifier(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifierBytes;
}
