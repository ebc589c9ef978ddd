using System.Formats.Asn1;
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
            ? key.Sign(CKM.CKM_RSA_PKCS, DigestInfo(hash, hashAlgorithm))
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

    // DigestInfo ::= SEQUENCE { digestAlgorithm AlgorithmIdentifier, digest OCTET STRING } (RFC 8017 §9.2)
    private static byte[] DigestInfo(byte[] hash, HashAlgorithmName algorithm)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(
                    algorithm.Name switch
                    {
                        nameof(HashAlgorithmName.SHA256) => "2.16.840.1.101.3.4.2.1",
                        nameof(HashAlgorithmName.SHA384) => "2.16.840.1.101.3.4.2.2",
                        nameof(HashAlgorithmName.SHA512) => "2.16.840.1.101.3.4.2.3",
                        _ => throw new NotSupportedException(),
                    }
                );
                writer.WriteNull();
            }

            writer.WriteOctetString(hash);
        }

        return writer.Encode();
    }
}
