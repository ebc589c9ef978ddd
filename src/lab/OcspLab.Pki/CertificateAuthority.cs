using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Pki;

/// <summary>Signs certificates with one authority's key.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    private readonly PrivateKey _key;
    private readonly TimeProvider _clock;

    /// <exception cref="PkiException">Its files cannot be read, or do not go together.</exception>
    public CertificateAuthority(CertificateFiles files, TimeProvider clock)
    {
        (Certificate, _key) = StoredCertificate.Open(files);
        _clock = clock;
    }

    public X509Certificate2 Certificate { get; }

    public static void CreateRoot(CertificateFiles files, TimeProvider clock)
    {
        using var key = PrivateKey.Create(files.Algorithm);
        var request = Request(CertificateProfile.Root, key, null);
        var notBefore = clock.GetUtcNow() - CertificateProfile.Root.Past;
        using var root = request.Create(
            request.SubjectName,
            key.CreateSignatureGenerator(),
            notBefore,
            notBefore + CertificateProfile.Root.Lifetime,
            RandomSerial()
        );
        StoredCertificate.Save(files, root, key);
    }

    /// <summary>Makes a key and a certificate for it, and saves both.</summary>
    public X509Certificate2 Issue(CertificateProfile profile, CertificateFiles files, Uri? ocspUrl)
    {
        using var key = PrivateKey.Create(files.Algorithm);
        var request = Request(profile, key, ocspUrl);
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                Certificate,
                includeKeyIdentifier: true,
                includeIssuerAndSerial: false
            )
        );

        // Nothing outlives its issuer.
        var notBefore = _clock.GetUtcNow() - profile.Past;
        var notAfter = notBefore + profile.Lifetime;
        if (notAfter > Certificate.NotAfter.ToUniversalTime())
            notAfter = Certificate.NotAfter.ToUniversalTime();

        var certificate = request.Create(
            Certificate.SubjectName,
            _key.CreateSignatureGenerator(),
            notBefore,
            notAfter,
            RandomSerial()
        );
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

    public void Dispose()
    {
        _key.Dispose();
        Certificate.Dispose();
    }

    private static CertificateRequest Request(CertificateProfile profile, PrivateKey key, Uri? ocspUrl)
    {
        // What signs without a hash of its own choice does not look at this one.
        var request = new CertificateRequest(
            new X500DistinguishedName(profile.Subject),
            key.PublicKey,
            HashAlgorithmName.SHA256
        );
        profile.Extend(request, ocspUrl);
        return request;
    }

    // 127 random bits, the first of them not zero: positive and of one length (BR §7.1 asks for 64).
    private static byte[] RandomSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return serial;
    }
}
