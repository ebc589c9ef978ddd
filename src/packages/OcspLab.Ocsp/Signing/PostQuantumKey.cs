using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Signatures;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace OcspLab.Ocsp.Signing;

/// <summary>
/// A private key for ML-DSA (RFC 9881) or SLH-DSA (RFC 9909), on every platform: BouncyCastle signs, and the platform
/// where it has ML-DSA (OpenSSL 3.5, Windows Server 2025). Signing is thread-safe.
/// </summary>
public sealed class PostQuantumKey : IPrivateKey, IDisposable
{
    private readonly AsymmetricKeyParameter _key;
    private readonly DerObjectIdentifier _oid;
    private readonly MLDsa? _platform;

    private PostQuantumKey(AsymmetricKeyParameter key)
    {
        var publicKey = key switch
        {
            MLDsaPrivateKeyParameters its => (AsymmetricKeyParameter)its.GetPublicKey(),
            SlhDsaPrivateKeyParameters its => its.GetPublicKey(),
            _ => throw new CryptographicException("The key is neither one for ML-DSA nor one for SLH-DSA."),
        };
        var encoded = SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(publicKey);
        _oid = encoded.Algorithm.Algorithm;
        if (PostQuantumAlgorithms.Find(_oid.Id) is not { } algorithm)
            throw new CryptographicException("The key is for messages that are hashed beforehand (RFC 9881 §8.3).");
        _key = key;
        Algorithm = algorithm;
        PublicKey = PublicKey.CreateFromSubjectPublicKeyInfo(encoded.GetEncoded(), out _);
        if (MLDsa.IsSupported && key is MLDsaPrivateKeyParameters mlDsa)
            _platform = MLDsa.ImportMLDsaPrivateKey(PostQuantumAlgorithms.OfPlatform(algorithm)!, mlDsa.GetEncoded());
    }

    /// <summary>Makes a key.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such algorithm.</exception>
    public static PostQuantumKey Generate(PostQuantumAlgorithm algorithm) =>
        new(PostQuantumAlgorithms.Generate(algorithm));

    /// <summary>Reads a key from PKCS #8 in PEM: a seed, an expanded key or both (RFC 9881 §6).</summary>
    /// <exception cref="CryptographicException">There is none, or it is of another kind.</exception>
    public static PostQuantumKey FromPem(ReadOnlySpan<char> pem) =>
        Read(pem, "PRIVATE KEY", PrivateKeyFactory.CreateKey);

    /// <summary>Reads a key from encrypted PKCS #8 in PEM.</summary>
    /// <exception cref="CryptographicException">
    /// There is none, it is of another kind, or the password is wrong.
    /// </exception>
    public static PostQuantumKey FromEncryptedPem(ReadOnlySpan<char> pem, ReadOnlySpan<char> password)
    {
        var characters = password.ToArray();
        try
        {
            return Read(pem, "ENCRYPTED PRIVATE KEY", encoded =>
                PrivateKeyFactory.DecryptKey(characters, EncryptedPrivateKeyInfo.GetInstance(encoded))
            );
        }
        finally
        {
            characters.AsSpan().Clear();
        }
    }

    /// <summary>What it signs by.</summary>
    public PostQuantumAlgorithm Algorithm { get; }

    /// <summary>The other half, for certificates.</summary>
    public PublicKey PublicKey { get; }

    IReadOnlyList<string> IPrivateKey.Algorithms => [_oid.Id];

    bool IPrivateKey.HasNullParameters => false;

    /// <summary>Signs, without a context; no two signatures are the same.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        if (_platform is not null)
        {
            var signature = new byte[_platform.Algorithm.SignatureSizeInBytes];
            _platform.SignData(data, signature);
            return signature;
        }

        var signer = SignerUtilities.InitSigner(_oid, forSigning: true, _key, new SecureRandom());
        signer.BlockUpdate(data);
        return signer.GenerateSignature();
    }

    byte[] IPrivateKey.Sign(ReadOnlySpan<byte> data, string algorithm) => Sign(data);

    /// <summary>
    /// Signs certificates: what <see cref="CertificateRequest"/> takes for its Create. The hash that one names there is
    /// not used.
    /// </summary>
    public X509SignatureGenerator CreateSignatureGenerator() => new PostQuantumSignatureGenerator(this);

    /// <summary>PKCS #8 in PEM, encrypted with AES-256 and PBKDF2 over SHA-256; the seed alone of ML-DSA.</summary>
    public string ExportEncryptedPem(ReadOnlySpan<char> password)
    {
        var characters = password.ToArray();
        try
        {
            var encrypted = EncryptedPrivateKeyInfoFactory.CreateEncryptedPrivateKeyInfo(
                NistObjectIdentifiers.IdAes256Cbc,
                PkcsObjectIdentifiers.IdHmacWithSha256,
                characters,
                RandomNumberGenerator.GetBytes(16),
                Iterations,
                new SecureRandom(),
                Seed()
            );
            return PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", encrypted.GetEncoded());
        }
        finally
        {
            characters.AsSpan().Clear();
        }
    }

    /// <summary>PKCS #8 in PEM, not encrypted; the seed alone of ML-DSA.</summary>
    public string ExportPem() => PemEncoding.WriteString("PRIVATE KEY", ToPkcs8());

    /// <inheritdoc/>
    public void Dispose() => _platform?.Dispose();

    private byte[] ToPkcs8() => PrivateKeyInfoFactory.CreatePrivateKeyInfo(Seed()).GetEncoded();

    // The seed says it all, in 32 octets; who was given an expanded key alone does not know it.
    private AsymmetricKeyParameter Seed() =>
        _key is MLDsaPrivateKeyParameters key && key.GetSeed() is not null
            ? key.WithPreferredFormat(MLDsaPrivateKeyParameters.Format.SeedOnly)
            : _key;

    private static PostQuantumKey Read(
        ReadOnlySpan<char> pem,
        string label,
        Func<byte[], AsymmetricKeyParameter> decode
    )
    {
        while (PemEncoding.TryFind(pem, out var fields))
        {
            if (pem[fields.Label].SequenceEqual(label))
                return new PostQuantumKey(Decode(Convert.FromBase64String(pem[fields.Base64Data].ToString()), decode));
            pem = pem[fields.Location.End..];
        }

        throw new CryptographicException($"There is no {label} in PEM.");
    }

    private static AsymmetricKeyParameter Decode(byte[] encoded, Func<byte[], AsymmetricKeyParameter> decode)
    {
        try
        {
            return decode(encoded);
        }
        catch (Exception exception)
            when (exception
                    is CryptoException
                        or SecurityUtilityException
                        or ArgumentException
                        or InvalidCastException
                        or IOException
                        or InvalidOperationException
            )
        {
            // BouncyCastle's decoders have no common exception.
            throw new CryptographicException($"The key cannot be read: {exception.Message}", exception);
        }
    }

    private const int Iterations = 100_000;
}
