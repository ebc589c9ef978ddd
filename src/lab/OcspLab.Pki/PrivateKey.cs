using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Signing;

namespace OcspLab.Pki;

/// <summary>A private key of whatever kind.</summary>
internal sealed class PrivateKey : IDisposable
{
    private readonly AsymmetricAlgorithm? _classical;
    private readonly PostQuantumKey? _postQuantum;

    private PrivateKey(AsymmetricAlgorithm key)
    {
        _classical = key;
        PublicKey = key is RSA rsa ? new PublicKey(rsa) : new PublicKey((ECDsa)key);
    }

    private PrivateKey(PostQuantumKey key)
    {
        _postQuantum = key;
        PublicKey = key.PublicKey;
    }

    public PublicKey PublicKey { get; }

    public static PrivateKey Create(KeyAlgorithm algorithm) =>
        algorithm.PostQuantum() is { } postQuantum ? new PrivateKey(PostQuantumKey.Generate(postQuantum))
        : algorithm == KeyAlgorithm.Rsa ? new PrivateKey(RSA.Create(2048))
        : new PrivateKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Opens the key of a certificate.</summary>
    /// <param name="certificate">Tells the kind.</param>
    /// <param name="pem">The key.</param>
    /// <param name="password">Its password, or null for a key in the clear.</param>
    /// <exception cref="CryptographicException">It cannot be opened.</exception>
    /// <exception cref="ArgumentException">It is another certificate's.</exception>
    public static PrivateKey Open(X509Certificate2 certificate, string pem, string? password)
    {
        var key = certificate.GetKeyAlgorithm() switch
        {
            RsaKey => new PrivateKey(Import(RSA.Create(), pem, password)),
            EcKey => new PrivateKey(Import(ECDsa.Create(), pem, password)),
            _ => new PrivateKey(
                password is null ? PostQuantumKey.FromPem(pem) : PostQuantumKey.FromEncryptedPem(pem, password)
            ),
        };
        if (key.PublicKey.EncodedKeyValue.RawData.AsSpan().SequenceEqual(certificate.GetPublicKey()))
            return key;
        key.Dispose();
        throw new ArgumentException($"The key is not that of '{certificate.Subject}'.", nameof(pem));
    }

    /// <summary>Signs certificates.</summary>
    public X509SignatureGenerator CreateSignatureGenerator() =>
        _classical switch
        {
            RSA rsa => X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1),
            ECDsa ecdsa => X509SignatureGenerator.CreateForECDsa(ecdsa),
            _ => _postQuantum!.CreateSignatureGenerator(),
        };

    /// <summary>PKCS #8 in PEM, with AES-256 and PBKDF2 over SHA-256.</summary>
    public string ExportEncryptedPem(string password) =>
        _classical?.ExportEncryptedPkcs8PrivateKeyPem(
            password,
            new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, Iterations)
        ) ?? _postQuantum!.ExportEncryptedPem(password);

    /// <summary>The certificate with this key, as TLS takes it.</summary>
    /// <exception cref="CryptographicException">The framework has no keys of this kind everywhere.</exception>
    public X509Certificate2 PairWith(X509Certificate2 certificate) =>
        _classical switch
        {
            RSA rsa => certificate.CopyWithPrivateKey(rsa),
            ECDsa ecdsa => certificate.CopyWithPrivateKey(ecdsa),
            _ => throw new CryptographicException("TLS servers do not take post-quantum keys everywhere yet."),
        };

    public void Dispose()
    {
        _classical?.Dispose();
        _postQuantum?.Dispose();
    }

    private static AsymmetricAlgorithm Import(AsymmetricAlgorithm key, string pem, string? password)
    {
        try
        {
            if (password is null)
                key.ImportFromPem(pem);
            else
                key.ImportFromEncryptedPem(pem, password);
            return key;
        }
        catch (ArgumentException exception)
        {
            throw new CryptographicException("there is no such key in the file", exception);
        }
    }

    // As many as openssl makes. The password lies in a file beside the key: more would protect nothing, and every
    // command that opens the key would wait for them.
    private const int Iterations = 2048;

    private const string RsaKey = "1.2.840.113549.1.1.1";
    private const string EcKey = "1.2.840.10045.2.1";
}
