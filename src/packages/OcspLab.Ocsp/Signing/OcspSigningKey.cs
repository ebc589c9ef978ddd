using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Ocsp.Signing;

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
        : this(certificate, PrivateKeyOf(certificate)) { }

    /// <summary>Puts a certificate and a key together that lies elsewhere, in a token or a service, say.</summary>
    /// <param name="certificate">The signer's certificate.</param>
    /// <param name="privateKey">An RSA or ECDSA key, to be disposed of with this object.</param>
    /// <exception cref="ArgumentException">The key is of another kind.</exception>
    public OcspSigningKey(X509Certificate2 certificate, AsymmetricAlgorithm privateKey)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(privateKey);
        _rsa = privateKey as RSA;
        _ecdsa = privateKey as ECDsa;
        if (_rsa is null && _ecdsa is null)
            throw new ArgumentException($"The key of '{certificate.Subject}' is of another kind.", nameof(privateKey));
        Certificate = certificate;
        var bytes = CertificateBytes.Of(certificate);
        KeyHash = CertIdHash.Sha1.Digest(bytes.PublicKeyBits.Span);
        KeyAlgorithm = SignatureAlgorithms.KeyOf(bytes.PublicKeyInfo);
        Algorithms = [.. SignatureAlgorithms.Of(IsRsa)];
    }

    private static AsymmetricAlgorithm PrivateKeyOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return certificate.GetRSAPrivateKey()
            ?? (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey()
            ?? throw new ArgumentException(
                $"'{certificate.Subject}' has no RSA or ECDSA private key.",
                nameof(certificate)
            );
    }

    /// <summary>The signer's certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>
    /// The identifiers of the signature algorithms that the key can use, the default first: over SHA-256, SHA-384 and
    /// SHA-512, with RSASSA-PKCS1-v1_5 (RFC 4055 §5) or ECDSA (RFC 5758 §3.2).
    /// </summary>
    public IReadOnlyList<string> Algorithms { get; }

    /// <summary>The certificate as BouncyCastle has it, decoded once.</summary>
    internal Org.BouncyCastle.X509.X509Certificate Enclosed => field ??= new(Certificate.RawData);

    internal bool IsRsa => _rsa is not null;

    /// <summary>SHA-1 over the key bits: ResponderID byKey (RFC 6960 §4.2.1).</summary>
    internal byte[] KeyHash { get; }

    internal KeyAlgorithmName KeyAlgorithm { get; }

    /// <summary>Whether this key can sign as a client would like (RFC 6960 §4.4.7.1).</summary>
    public bool Follows(PreferredSignatureAlgorithm preference)
    {
        ArgumentNullException.ThrowIfNull(preference);
        return Algorithms.Contains(preference.Signature)
            && (preference.KeyAlgorithm is null || preference.KeyAlgorithm == KeyAlgorithm.Oid)
            && (preference.Curve is null || preference.Curve == KeyAlgorithm.Curve);
    }

    /// <param name="data">What is signed.</param>
    /// <param name="algorithm">One of <see cref="Algorithms"/>.</param>
    internal byte[] Sign(ReadOnlySpan<byte> data, string algorithm)
    {
        var hash = SignatureAlgorithms.HashOf(algorithm);
        return _rsa is not null
            ? _rsa.SignData(data, hash, RSASignaturePadding.Pkcs1)
            : _ecdsa!.SignData(data, hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rsa?.Dispose();
        _ecdsa?.Dispose();
        Certificate.Dispose();
    }
}
