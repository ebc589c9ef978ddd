using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Signing;

namespace OcspLab.Testing;

/// <summary>An authority whose own key is for ML-DSA or SLH-DSA, in memory.</summary>
public sealed class PostQuantumAuthority : IDisposable
{
    private readonly PostQuantumKey _key;

    public PostQuantumAuthority(PostQuantumAlgorithm algorithm)
    {
        _key = PostQuantumKey.Generate(algorithm);
        Certificate = Issue("CN=Post-quantum CA", _key.PublicKey, Authority);
    }

    /// <summary>Its certificate, signed by itself.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Its key in PEM.</summary>
    public string KeyPem => _key.ExportPem();

    /// <summary>An OCSP signer with a key of its own.</summary>
    public OcspSigningKey Delegate(PostQuantumAlgorithm algorithm)
    {
        var key = PostQuantumKey.Generate(algorithm);
        return new OcspSigningKey(DelegateOf(key.PublicKey), key);
    }

    /// <summary>An OCSP signer whose key is elsewhere.</summary>
    public X509Certificate2 DelegateOf(PublicKey key) =>
        Issue("CN=delegate", key, request =>
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([TestAuthority.OcspSigning], critical: false)
            )
        );

    /// <summary>A server's certificate.</summary>
    public X509Certificate2 Server(PublicKey key) => Issue("CN=server", key, _ => { });

    public void Dispose()
    {
        _key.Dispose();
        Certificate.Dispose();
    }

    private X509Certificate2 Issue(string name, PublicKey key, Action<CertificateRequest> extend)
    {
        // The hash is not used: these algorithms have their own.
        var request = new CertificateRequest(new X500DistinguishedName(name), key, HashAlgorithmName.SHA256);
        extend(request);
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return request.Create(
            Certificate?.SubjectName ?? request.SubjectName,
            _key.CreateSignatureGenerator(),
            TestAuthority.Now.AddDays(-30),
            TestAuthority.Now.AddDays(60),
            serial
        );
    }

    private static void Authority(CertificateRequest request)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true)
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
    }
}
