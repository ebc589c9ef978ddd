using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Pki;

/// <summary>Signs certificates with one authority's key.</summary>
internal sealed class CertificateAuthority(X509Certificate2 certificate, TimeProvider clock) : IDisposable
{
    public X509Certificate2 Certificate { get; } = certificate;

    public static void CreateRoot(CertificateFiles files, TimeProvider clock)
    {
        using var key = CreateKey(files.Algorithm);
        var request = Request(CertificateProfile.Root, key, null);
        var notBefore = clock.GetUtcNow() - CertificateProfile.Root.Past;
        using var root = request.CreateSelfSigned(notBefore, notBefore + CertificateProfile.Root.Lifetime);
        StoredCertificate.Save(files, root, key);
    }

    /// <summary>Makes a key and a certificate for it, and saves both.</summary>
    public X509Certificate2 Issue(CertificateProfile profile, CertificateFiles files, Uri? ocspUrl)
    {
        using var key = CreateKey(files.Algorithm);
        var request = Request(profile, key, ocspUrl);
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                Certificate,
                includeKeyIdentifier: true,
                includeIssuerAndSerial: false
            )
        );

        // Nothing outlives its issuer.
        var notBefore = clock.GetUtcNow() - profile.Past;
        var notAfter = notBefore + profile.Lifetime;
        if (notAfter > Certificate.NotAfter.ToUniversalTime())
            notAfter = Certificate.NotAfter.ToUniversalTime();

        // 127 random bits, the first of them not zero: positive and of one length (BR §7.1 asks for 64).
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);

        X509SignatureGenerator signer = Certificate.GetRSAPrivateKey() is { } rsa
            ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa(Certificate.GetECDsaPrivateKey()!);
        var certificate = request.Create(Certificate.SubjectName, signer, notBefore, notAfter, serial);
        StoredCertificate.Save(files, certificate, key);
        return certificate;
    }

    /// <summary>True when <paramref name="certificate"/> names this authority and its key.</summary>
    public bool Issued(X509Certificate2 certificate)
    {
        var own = Certificate
            .Extensions.OfType<X509SubjectKeyIdentifierExtension>()
            .FirstOrDefault()
            ?.SubjectKeyIdentifierBytes;
        var named = certificate
            .Extensions.OfType<X509AuthorityKeyIdentifierExtension>()
            .FirstOrDefault()
            ?.KeyIdentifier;
        return certificate.IssuerName.RawData.AsSpan().SequenceEqual(Certificate.SubjectName.RawData)
            && own is { } identifier
            && named is { } issuer
            && identifier.Span.SequenceEqual(issuer.Span);
    }

    public void Dispose() => Certificate.Dispose();

    private static AsymmetricAlgorithm CreateKey(KeyAlgorithm algorithm) =>
        algorithm == KeyAlgorithm.Rsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CertificateRequest Request(CertificateProfile profile, AsymmetricAlgorithm key, Uri? ocspUrl)
    {
        var name = new X500DistinguishedName(profile.Subject);
        var request = key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);
        profile.Extend(request, ocspUrl);
        return request;
    }
}
