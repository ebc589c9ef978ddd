using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Signatures;

namespace OcspLab.Ocsp.Signing;

/// <summary>
/// The key and certificate that a responder signs with: the authority's own, or a delegate's (RFC 6960 §4.2.2.2).
/// Signing is thread-safe; the framework does it where it can (OpenSSL on Linux). Owns certificate and key.
/// </summary>
public sealed class OcspSigningKey : IDisposable
{
    private readonly IPrivateKey _privateKey;

    /// <summary>Wraps a certificate with an RSA or ECDSA private key.</summary>
    /// <exception cref="ArgumentException">The certificate has no private key of these kinds.</exception>
    public OcspSigningKey(X509Certificate2 certificate)
        : this(certificate, PrivateKeyOf(certificate)) { }

    /// <summary>Puts a certificate and a key together that lies elsewhere, in a token or a service, say.</summary>
    /// <param name="certificate">The signer's certificate.</param>
    /// <param name="privateKey">An RSA or ECDSA key, to be disposed of with this object.</param>
    /// <exception cref="ArgumentException">The key is of another kind.</exception>
    public OcspSigningKey(X509Certificate2 certificate, AsymmetricAlgorithm privateKey)
        : this(certificate, Wrap(privateKey)) { }

    /// <summary>Puts a certificate and a key for ML-DSA or SLH-DSA together.</summary>
    /// <param name="certificate">The signer's certificate.</param>
    /// <param name="privateKey">Its key, to be disposed of with this object.</param>
    /// <exception cref="ArgumentException">The key is another certificate's.</exception>
    public OcspSigningKey(X509Certificate2 certificate, PostQuantumKey privateKey)
        : this(certificate, (IPrivateKey)privateKey)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        if (!privateKey.PublicKey.EncodedKeyValue.RawData.AsSpan().SequenceEqual(certificate.GetPublicKey()))
            throw new ArgumentException($"The key is not that of '{certificate.Subject}'.", nameof(privateKey));
    }

    private OcspSigningKey(X509Certificate2 certificate, IPrivateKey privateKey)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        _privateKey = privateKey;
        Certificate = certificate;
        var bytes = CertificateBytes.Of(certificate);
        KeyHash = CertIdHash.Sha1.Digest(bytes.PublicKeyBits.Span);
        KeyAlgorithm = SignatureAlgorithms.KeyOf(bytes.PublicKeyInfo);
    }

    /// <summary>Reads the first certificate of a PEM and the private key of another, of any kind.</summary>
    /// <param name="certificatePem">PEM with the certificate first.</param>
    /// <param name="keyPem">PEM with the key.</param>
    /// <exception cref="CryptographicException">One of them cannot be read.</exception>
    /// <exception cref="ArgumentException">
    /// The key is another certificate's, or of a kind that does not sign.
    /// </exception>
    public static OcspSigningKey FromPem(ReadOnlySpan<char> certificatePem, ReadOnlySpan<char> keyPem)
    {
        var certificate = X509Certificate2.CreateFromPem(certificatePem);
        return IsPostQuantum(certificate)
            ? new OcspSigningKey(certificate, PostQuantumKey.FromPem(keyPem))
            : new OcspSigningKey(X509Certificate2.CreateFromPem(certificatePem, keyPem));
    }

    /// <summary>The same with a key that is encrypted.</summary>
    /// <param name="certificatePem">PEM with the certificate first.</param>
    /// <param name="keyPem">PEM with the key.</param>
    /// <param name="password">Opens the key.</param>
    /// <exception cref="CryptographicException">One of them cannot be read, or the password is wrong.</exception>
    /// <exception cref="ArgumentException">
    /// The key is another certificate's, or of a kind that does not sign.
    /// </exception>
    public static OcspSigningKey FromEncryptedPem(
        ReadOnlySpan<char> certificatePem,
        ReadOnlySpan<char> keyPem,
        ReadOnlySpan<char> password
    )
    {
        var certificate = X509Certificate2.CreateFromPem(certificatePem);
        return IsPostQuantum(certificate)
            ? new OcspSigningKey(certificate, PostQuantumKey.FromEncryptedPem(keyPem, password))
            : new OcspSigningKey(X509Certificate2.CreateFromEncryptedPem(certificatePem, keyPem, password));
    }

    /// <summary>The signer's certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>
    /// The identifiers of the signature algorithms that the key can use, the default first: over SHA-256, SHA-384 and
    /// SHA-512, with RSASSA-PKCS1-v1_5 (RFC 4055 §5) or ECDSA (RFC 5758 §3.2); a post-quantum key has one.
    /// </summary>
    public IReadOnlyList<string> Algorithms => _privateKey.Algorithms;

    /// <summary>The certificate as BouncyCastle has it, decoded once.</summary>
    internal Org.BouncyCastle.X509.X509Certificate Enclosed => field ??= new(Certificate.RawData);

    internal bool HasNullParameters => _privateKey.HasNullParameters;

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
    internal byte[] Sign(ReadOnlySpan<byte> data, string algorithm) => _privateKey.Sign(data, algorithm);

    /// <inheritdoc/>
    public void Dispose()
    {
        _privateKey.Dispose();
        Certificate.Dispose();
    }

    private static bool IsPostQuantum(X509Certificate2 certificate) =>
        PostQuantumAlgorithms.Find(certificate.GetKeyAlgorithm()) is not null;

    private static IPrivateKey PrivateKeyOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (certificate.GetRSAPrivateKey() is { } rsa)
            return new RsaPrivateKey(rsa);
        if (certificate.GetECDsaPrivateKey() is { } ecdsa)
            return new EcdsaPrivateKey(ecdsa);
        throw new ArgumentException($"'{certificate.Subject}' has no RSA or ECDSA private key.", nameof(certificate));
    }

    private static IPrivateKey Wrap(AsymmetricAlgorithm privateKey)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        return privateKey switch
        {
            RSA rsa => new RsaPrivateKey(rsa),
            ECDsa ecdsa => new EcdsaPrivateKey(ecdsa),
            _ => throw new ArgumentException("The key is neither RSA nor ECDSA.", nameof(privateKey)),
        };
    }
}
