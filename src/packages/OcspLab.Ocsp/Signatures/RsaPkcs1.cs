using System.Security.Cryptography;

namespace OcspLab.Ocsp.Signatures;

/// <summary>RSASSA-PKCS1-v1_5 (RFC 4055 §5).</summary>
internal sealed record RsaPkcs1 : SignatureScheme
{
    private readonly HashAlgorithmName _hash;

    private RsaPkcs1(HashAlgorithmName hash) => _hash = hash;

    public static RsaPkcs1 Sha1 { get; } = new(HashAlgorithmName.SHA1);
    public static RsaPkcs1 Sha256 { get; } = new(HashAlgorithmName.SHA256);
    public static RsaPkcs1 Sha384 { get; } = new(HashAlgorithmName.SHA384);
    public static RsaPkcs1 Sha512 { get; } = new(HashAlgorithmName.SHA512);

    public override HashAlgorithmName? Hash => _hash;

    public override bool Verify(
        ReadOnlyMemory<byte> publicKeyInfo,
        ReadOnlyMemory<byte> data,
        ReadOnlyMemory<byte> signature
    ) => PublicKeys.Rsa(publicKeyInfo).VerifyData(data.Span, signature.Span, _hash, RSASignaturePadding.Pkcs1);
}
