using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Ocsp;

/// <summary>
/// Finds and authorises who signed: the issuer itself, or a delegate that the issuer certified directly, with the same
/// key, for OCSPSigning (RFC 6960 §4.2.2.2). No chain is followed further than that.
/// </summary>
internal sealed record ResponseSigner(string Subject, DateTimeOffset NotAfter)
{
    public static bool TryFind(BasicOcspResponse basic, OcspSubject subject, VerificationPolicy policy, DateTimeOffset now, [NotNullWhen(true)] out ResponseSigner? signer, [NotNullWhen(false)] out Rejection? rejection)
    {
        signer = null;
        rejection = null;
        if (!SignatureVerifier.IsSupported(basic.Algorithm, policy, out rejection))
            return false;

        var issuer = subject.Issuer;
        var issuerBytes = subject.IssuerBytes;
        if (basic.ResponderId.Names(issuerBytes) && Signed(basic, issuerBytes))
        {
            signer = new ResponseSigner(issuer.Subject, issuer.NotAfter.ToUniversalTime());
            return true;
        }

        // Certificates may come in any order and in excess; each costs two signature checks at most, so their number is bounded.
        Rejection? best = null;
        foreach (var encoded in basic.Certificates.Take(MaximumCertificates))
        {
            if (TryDelegate(encoded, basic, issuer, issuerBytes, policy, now, out signer, out rejection))
                return true;
            best ??= rejection;
        }

        rejection = best ?? (basic.ResponderId.Names(issuerBytes)
            ? new Rejection(RejectionReason.BadSignature, "the issuer's key did not make this signature")
            : new Rejection(RejectionReason.SignerNotFound, $"{basic.ResponderId} is neither the issuer nor among the {basic.Certificates.Count} enclosed certificates"));
        return false;
    }

    private static bool TryDelegate(ReadOnlyMemory<byte> encoded, BasicOcspResponse basic, X509Certificate2 issuer, CertificateBytes issuerBytes, VerificationPolicy policy, DateTimeOffset now, [NotNullWhen(true)] out ResponseSigner? signer, out Rejection? rejection)
    {
        signer = null;
        rejection = null;
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(encoded.Span);
            var bytes = CertificateBytes.Decode(encoded);
            if (!basic.ResponderId.Names(bytes))
                return false;
            rejection = Judge(certificate, bytes, issuer, issuerBytes, policy, now)
                ?? (Signed(basic, bytes) ? null : new Rejection(RejectionReason.BadSignature, $"the key of '{certificate.Subject}' did not make this signature"));
            if (rejection is not null)
                return false;
            signer = new ResponseSigner(certificate.Subject, certificate.NotAfter.ToUniversalTime());
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or AsnContentException)
        {
            rejection = new Rejection(RejectionReason.Malformed, $"an enclosed certificate: {exception.Message}");
            return false;
        }
    }

    private static Rejection? Judge(X509Certificate2 certificate, CertificateBytes bytes, X509Certificate2 issuer, CertificateBytes issuerBytes, VerificationPolicy policy, DateTimeOffset now)
    {
        var name = certificate.Subject;
        if (!DistinguishedNames.Same(bytes.Issuer, issuerBytes.Subject)
            || !SignatureVerifier.IsSupported(bytes.SignatureAlgorithm, policy, out _)
            || !SignatureVerifier.Verify(bytes.SignatureAlgorithm, issuerBytes.PublicKeyInfo, bytes.Tbs, bytes.Signature))
        {
            return new Rejection(RejectionReason.SignerNotAuthorized, $"'{name}' was not issued by '{issuer.Subject}' with its key");
        }

        if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(usage => usage.EnhancedKeyUsages.Cast<Oid>()).Any(oid => oid.Value == OcspOids.OcspSigning))
            return new Rejection(RejectionReason.SignerWithoutOcspSigning, $"'{name}' has no extended key usage OCSPSigning");
        if (certificate.Extensions.OfType<X509KeyUsageExtension>().Any(usage => (usage.KeyUsages & (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation)) == 0))
            return new Rejection(RejectionReason.SignerKeyUsage, $"'{name}' may not sign");
        if (now - certificate.NotAfter.ToUniversalTime() > policy.ClockSkew)
            return new Rejection(RejectionReason.SignerExpired, $"'{name}' expired at {certificate.NotAfter.ToUniversalTime():u}");
        if (certificate.NotBefore.ToUniversalTime() - now > policy.ClockSkew)
            return new Rejection(RejectionReason.SignerNotYetValid, $"'{name}' is valid from {certificate.NotBefore.ToUniversalTime():u}");
        return null;
    }

    private static bool Signed(BasicOcspResponse basic, CertificateBytes signer) =>
        SignatureVerifier.Verify(basic.Algorithm, signer.PublicKeyInfo, basic.TbsResponseData, basic.Signature);

    private const int MaximumCertificates = 8;
}
