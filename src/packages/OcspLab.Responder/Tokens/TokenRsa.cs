using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;

namespace OcspLab.Responder.Tokens;

/// <summary>An RSA key in a token. Signs by RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) and does nothing else.</summary>
/// <param name="key">The private key.</param>
/// <param name="publicKey">Its public key, from the certificate; this object owns it.</param>
internal sealed class TokenRsa(TokenKey key, RSA publicKey) : RSA
{
    public override int KeySize
    {
        get => publicKey.KeySize;
        set => throw new NotSupportedException();
    }

    public override RSAParameters ExportParameters(bool includePrivateParameters) =>
        includePrivateParameters
            ? throw new CryptographicException("a key in a token does not leave it")
            : publicKey.ExportParameters(false);

    public override void ImportParameters(RSAParameters parameters) => throw new NotSupportedException();

    public override byte[] SignHash(byte[] hash, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding) =>
        padding == RSASignaturePadding.Pkcs1
            ? key.Sign(CKM.CKM_RSA_PKCS, [.. DigestInfo(hashAlgorithm), .. hash])
            : throw new NotSupportedException();

    public override bool VerifyHash(
        byte[] hash,
        byte[] signature,
        HashAlgorithmName hashAlgorithm,
        RSASignaturePadding padding
    ) => publicKey.VerifyHash(hash, signature, hashAlgorithm, padding);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            key.Dispose();
            publicKey.Dispose();
        }

        base.Dispose(disposing);
    }

    // What stands before the hash in DER (RFC 8017 §9.2, note 1).
    private static ReadOnlySpan<byte> DigestInfo(HashAlgorithmName hash) =>
        hash.Name switch
        {
            nameof(HashAlgorithmName.SHA256) =>
            [
                0x30,
                0x31,
                0x30,
                0x0d,
                0x06,
                0x09,
                0x60,
                0x86,
                0x48,
                0x01,
                0x65,
                0x03,
                0x04,
                0x02,
                0x01,
                0x05,
                0x00,
                0x04,
                0x20,
            ],
            nameof(HashAlgorithmName.SHA384) =>
            [
                0x30,
                0x41,
                0x30,
                0x0d,
                0x06,
                0x09,
                0x60,
                0x86,
                0x48,
                0x01,
                0x65,
                0x03,
                0x04,
                0x02,
                0x02,
                0x05,
                0x00,
                0x04,
                0x30,
            ],
            nameof(HashAlgorithmName.SHA512) =>
            [
                0x30,
                0x51,
                0x30,
                0x0d,
                0x06,
                0x09,
                0x60,
                0x86,
                0x48,
                0x01,
                0x65,
                0x03,
                0x04,
                0x02,
                0x03,
                0x05,
                0x00,
                0x04,
                0x40,
            ],
            _ => throw new NotSupportedException(),
        };
}
