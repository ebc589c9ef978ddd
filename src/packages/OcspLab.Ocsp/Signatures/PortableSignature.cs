using System.Security.Cryptography;
using OcspLab.Ocsp.Asn1;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Security;

namespace OcspLab.Ocsp.Signatures;

/// <summary>
/// Signatures that the framework lacks on some platform, computed by BouncyCastle: Edwards curves (RFC 8410), SLH-DSA
/// (RFC 9909), ML-DSA (RFC 9881) where the platform has none, and RSA and ECDSA over SHA-224.
/// </summary>
internal sealed record PortableSignature(string Oid) : SignatureScheme
{
    /// <summary>Nothing here signs over SHA-1.</summary>
    public override HashAlgorithmName? Hash => null;

    public static PortableSignature? Select(AlgorithmIdentifier algorithm) =>
        algorithm.Oid switch
        {
            Ed25519 or Ed448 or EcdsaSha224 when algorithm.Parameters.IsEmpty => new PortableSignature(algorithm.Oid),
            _ when algorithm.Parameters.IsEmpty && PostQuantumAlgorithms.Find(algorithm.Oid) is not null =>
                new PortableSignature(algorithm.Oid),
            RsaSha224 when algorithm.HasNoParameters => new PortableSignature(algorithm.Oid),
            _ => null,
        };

    public override bool Verify(
        ReadOnlyMemory<byte> publicKeyInfo,
        ReadOnlyMemory<byte> data,
        ReadOnlyMemory<byte> signature
    )
    {
        var verifier = SignerUtilities.InitSigner(
            new DerObjectIdentifier(Oid),
            forSigning: false,
            PublicKeyFactory.CreateKey(publicKeyInfo.ToArray()),
            random: null
        );
        verifier.BlockUpdate(data.Span);
        return verifier.VerifySignature(signature.ToArray());
    }

    private const string Ed25519 = "1.3.101.112";
    private const string Ed448 = "1.3.101.113";
    private const string RsaSha224 = "1.2.840.113549.1.1.14";
    private const string EcdsaSha224 = "1.2.840.10045.4.3.1";
}
