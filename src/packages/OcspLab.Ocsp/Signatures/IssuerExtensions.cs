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

    /// <summary>
    /// The certificate's issuer among those that the system has, as roots or intermediates; null where it has none that
    /// issued it. Downloads nothing.
    /// </summary>
    /// <param name="certificate">The certificate.</param>
    public static X509Certificate2? FindIssuerInSystem(this X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllFlags;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.Build(certificate);
        return chain.ChainElements.Count > 1 && certificate.IsIssuedBy(chain.ChainElements[1].Certificate)
            ? X509CertificateLoader.LoadCertificate(chain.ChainElements[1].Certificate.RawData)
            : null;
    }

    private static ReadOnlyMemory<byte>? KeyIdentifierOfIssuer(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier;

    private static ReadOnlyMemory<byte>? KeyIdentifier(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifierBytes;
}
