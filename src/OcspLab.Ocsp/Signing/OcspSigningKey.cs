using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Ocsp;

/// <summary>
/// The key and certificate that a responder signs with: the authority's own, or a delegate's (RFC 6960 §4.2.2.2).
/// Signing is thread-safe; the framework does it (OpenSSL on Linux). Owns the certificate.
/// </summary>
public sealed class OcspSigningKey : IDisposable
{
    private readonly RSA? _rsa;
    private readonly ECDsa? _ecdsa;

    /// <summary>Wraps a certificate with an RSA or ECDSA private key.</summary>
    /// <exception cref="ArgumentException">The certificate has no private key of these kinds.</exception>
    public OcspSigningKey(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        _rsa = certificate.GetRSAPrivateKey();
        _ecdsa = _rsa is null ? certificate.GetECDsaPrivateKey() : null;
        if (_rsa is null && _ecdsa is null)
            throw new ArgumentException($"'{certificate.Subject}' has no RSA or ECDSA private key.", nameof(certificate));
        Certificate = certificate;
    }

    /// <summary>The signer's certificate.</summary>
    public X509Certificate2 Certificate { get; }

    internal string AlgorithmOid => _rsa is not null ? "1.2.840.113549.1.1.11" : "1.2.840.10045.4.3.2";

    internal bool IsRsa => _rsa is not null;

    internal byte[] Sign(ReadOnlySpan<byte> data) => _rsa is not null
        ? _rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : _ecdsa!.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <inheritdoc/>
    public void Dispose()
    {
        _rsa?.Dispose();
        _ecdsa?.Dispose();
        Certificate.Dispose();
    }
}
