using System.Formats.Asn1;
using System.Security.Cryptography;
using OcspLab.Ocsp.Asn1;

namespace OcspLab.Ocsp.Signatures;

/// <summary>How a signature is computed, as its AlgorithmIdentifier says.</summary>
internal abstract record SignatureScheme
{
    /// <summary>The hash of the message, where the algorithm has one.</summary>
    public abstract HashAlgorithmName? Hash { get; }

    /// <summary>Checks a signature.</summary>
    /// <param name="publicKeyInfo">The signer's SubjectPublicKeyInfo.</param>
    /// <param name="data">What was signed.</param>
    /// <param name="signature">The signature as it stands in the BIT STRING.</param>
    /// <exception cref="CryptographicException">
    /// The key is of another kind, off its curve or refused by the platform; other types come from BouncyCastle.
    /// </exception>
    public abstract bool Verify(
        ReadOnlyMemory<byte> publicKeyInfo,
        ReadOnlyMemory<byte> data,
        ReadOnlyMemory<byte> signature
    );

    /// <summary>The scheme, or null when it, or its parameters, are not supported.</summary>
    /// <param name="algorithm">The identifier.</param>
    /// <param name="rules">
    /// How strictly parameters are read: nobody signs those of a response; those of a certificate are signed, and not
    /// all in DER.
    /// </param>
    public static SignatureScheme? From(AlgorithmIdentifier algorithm, AsnEncodingRules rules) =>
        algorithm.Oid switch
        {
            "1.2.840.113549.1.1.5" => WithoutParameters(algorithm, RsaPkcs1.Sha1),
            "1.2.840.113549.1.1.11" => WithoutParameters(algorithm, RsaPkcs1.Sha256),
            "1.2.840.113549.1.1.12" => WithoutParameters(algorithm, RsaPkcs1.Sha384),
            "1.2.840.113549.1.1.13" => WithoutParameters(algorithm, RsaPkcs1.Sha512),
            "1.2.840.10045.4.1" => EmptyParameters(algorithm, Ecdsa.Sha1),
            "1.2.840.10045.4.3.2" => EmptyParameters(algorithm, Ecdsa.Sha256),
            "1.2.840.10045.4.3.3" => EmptyParameters(algorithm, Ecdsa.Sha384),
            "1.2.840.10045.4.3.4" => EmptyParameters(algorithm, Ecdsa.Sha512),
            RsaPss.Oid => RsaPss.Decode(algorithm.Parameters, rules),
            _ when MLDsa.IsSupported
                    && PostQuantumAlgorithms.Find(algorithm.Oid) is { } its
                    && PostQuantumAlgorithms.OfPlatform(its) is not null => EmptyParameters(
                algorithm,
                new MLDsaSignature(its)
            ),
            _ => PortableSignature.Select(algorithm),
        };

    // RFC 5758 §3.2 leaves them out for ECDSA, RFC 9881 §2 for ML-DSA; RFC 4055 §5 takes NULL and nothing alike for
    // RSA.
    private static SignatureScheme? EmptyParameters(AlgorithmIdentifier algorithm, SignatureScheme scheme) =>
        algorithm.Parameters.IsEmpty ? scheme : null;

    private static SignatureScheme? WithoutParameters(AlgorithmIdentifier algorithm, SignatureScheme scheme) =>
        algorithm.HasNoParameters ? scheme : null;
}
