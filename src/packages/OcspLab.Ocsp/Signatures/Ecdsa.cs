using System.Security.Cryptography;

namespace OcspLab.Ocsp.Signatures;

/// <summary>ECDSA over the curve of the signer's key (RFC 5758 §3.2).</summary>
internal sealed record Ecdsa : SignatureScheme
{
    private readonly HashAlgorithmName _hash;

    private Ecdsa(HashAlgorithmName hash) => _hash = hash;

    public static Ecdsa Sha1 { get; } = new(HashAlgorithmName.SHA1);
    public static Ecdsa Sha256 { get; } = new(HashAlgorithmName.SHA256);
    public static Ecdsa Sha384 { get; } = new(HashAlgorithmName.SHA384);
    public static Ecdsa Sha512 { get; } = new(HashAlgorithmName.SHA512);

    public override HashAlgorithmName? Hash => _hash;

    public override bool Verify(
        ReadOnlyMemory<byte> publicKeyInfo,
        ReadOnlyMemory<byte> data,
        ReadOnlyMemory<byte> signature
    ) =>
        PublicKeys
            .Ecdsa(publicKeyInfo)
            .VerifyData(data.Span, signature.Span, _hash, DSASignatureFormat.Rfc3279DerSequence);
}
