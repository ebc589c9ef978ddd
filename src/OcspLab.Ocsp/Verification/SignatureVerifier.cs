using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace OcspLab.Ocsp;

/// <summary>Signatures of responses and of delegates' certificates. RSA and ECDSA go through the framework, Ed25519 through BouncyCastle.</summary>
internal static class SignatureVerifier
{
    public static bool IsSupported(AlgorithmIdentifier algorithm, VerificationPolicy policy, [NotNullWhen(false)] out Rejection? rejection)
    {
        rejection = Scheme(algorithm) switch
        {
            null => new Rejection(RejectionReason.UnsupportedSignatureAlgorithm, algorithm.Oid),
            { Hash: { } hash } when hash == HashAlgorithmName.SHA1 && policy.Sha1Signatures == Sha1Signatures.Reject
                => new Rejection(RejectionReason.WeakSignatureAlgorithm, $"{algorithm.Oid} signs over SHA-1"),
            _ => null,
        };
        return rejection is null;
    }

    public static bool Verify(AlgorithmIdentifier algorithm, ReadOnlyMemory<byte> publicKeyInfo, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature)
    {
        try
        {
            return Scheme(algorithm) switch
            {
                { Key: KeyKind.Rsa } scheme => VerifyRsa(scheme, publicKeyInfo, data, signature),
                { Key: KeyKind.Ecdsa } scheme => VerifyEcdsa(scheme, publicKeyInfo, data, signature),
                { Key: KeyKind.Ed25519 } => VerifyEd25519(publicKeyInfo, data, signature),
                _ => false,
            };
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or IOException or PlatformNotSupportedException)
        {
            // A key of another kind, off the curve or of a size that the platform refuses: it did not make this signature.
            return false;
        }
    }

    private static bool VerifyRsa(SignatureScheme scheme, ReadOnlyMemory<byte> publicKeyInfo, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature)
    {
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(publicKeyInfo.Span, out _);
        return rsa.VerifyData(data.Span, signature.Span, scheme.Hash!.Value, scheme.Padding!);
    }

    private static bool VerifyEcdsa(SignatureScheme scheme, ReadOnlyMemory<byte> publicKeyInfo, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(publicKeyInfo.Span, out _);
        return ecdsa.VerifyData(data.Span, signature.Span, scheme.Hash!.Value, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static bool VerifyEd25519(ReadOnlyMemory<byte> publicKeyInfo, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature)
    {
        if (PublicKeyFactory.CreateKey(publicKeyInfo.ToArray()) is not Ed25519PublicKeyParameters key)
            return false;
        var verifier = new Ed25519Signer();
        verifier.Init(forSigning: false, key);
        verifier.BlockUpdate(data.Span);
        return verifier.VerifySignature(signature.ToArray());
    }

    private static SignatureScheme? Scheme(AlgorithmIdentifier algorithm) => algorithm.Oid switch
    {
        "1.2.840.113549.1.1.5" when algorithm.HasNoParameters => Pkcs1(HashAlgorithmName.SHA1),
        "1.2.840.113549.1.1.11" when algorithm.HasNoParameters => Pkcs1(HashAlgorithmName.SHA256),
        "1.2.840.113549.1.1.12" when algorithm.HasNoParameters => Pkcs1(HashAlgorithmName.SHA384),
        "1.2.840.113549.1.1.13" when algorithm.HasNoParameters => Pkcs1(HashAlgorithmName.SHA512),
        RsaPssParameters.Oid => RsaPssParameters.Decode(algorithm.Parameters),
        "1.2.840.10045.4.1" when algorithm.HasNoParameters => Ecdsa(HashAlgorithmName.SHA1),
        "1.2.840.10045.4.3.2" when algorithm.HasNoParameters => Ecdsa(HashAlgorithmName.SHA256),
        "1.2.840.10045.4.3.3" when algorithm.HasNoParameters => Ecdsa(HashAlgorithmName.SHA384),
        "1.2.840.10045.4.3.4" when algorithm.HasNoParameters => Ecdsa(HashAlgorithmName.SHA512),
        "1.3.101.112" when algorithm.Parameters.IsEmpty => new SignatureScheme(KeyKind.Ed25519, null, null),
        _ => null,
    };

    private static SignatureScheme Pkcs1(HashAlgorithmName hash) => new(KeyKind.Rsa, hash, RSASignaturePadding.Pkcs1);

    private static SignatureScheme Ecdsa(HashAlgorithmName hash) => new(KeyKind.Ecdsa, hash, null);
}
