using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Ocsp.Signatures;

/// <summary>ML-DSA (RFC 9881) where the platform has it; elsewhere it is a <see cref="PortableSignature"/>.</summary>
internal sealed record MLDsaSignature(PostQuantumAlgorithm Algorithm) : SignatureScheme
{
    /// <summary>It hashes in a way of its own.</summary>
    public override HashAlgorithmName? Hash => null;

    public override bool Verify(
        ReadOnlyMemory<byte> publicKeyInfo,
        ReadOnlyMemory<byte> data,
        ReadOnlyMemory<byte> signature
    )
    {
        var key = PublicKey.CreateFromSubjectPublicKeyInfo(publicKeyInfo.Span, out _);
        if (key.Oid.Value != PostQuantumAlgorithms.OidOf(Algorithm))
            return false;
        using var platform = MLDsa.ImportMLDsaPublicKey(
            PostQuantumAlgorithms.OfPlatform(Algorithm)!,
            key.EncodedKeyValue.RawData
        );
        return platform.VerifyData(data.Span, signature.Span);
    }
}
