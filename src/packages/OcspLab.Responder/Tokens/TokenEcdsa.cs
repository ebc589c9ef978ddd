using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;

namespace OcspLab.Responder.Tokens;

/// <summary>An EC key in a token. Signs by ECDSA and does nothing else.</summary>
/// <param name="key">The private key.</param>
/// <param name="publicKey">Its public key, from the certificate; this object owns it.</param>
internal sealed class TokenEcdsa(TokenKey key, ECDsa publicKey) : ECDsa
{
    public override int KeySize
    {
        get => publicKey.KeySize;
        set => throw new NotSupportedException();
    }

    public override ECParameters ExportParameters(bool includePrivateParameters) =>
        includePrivateParameters
            ? throw new CryptographicException("a key in a token does not leave it")
            : publicKey.ExportParameters(false);

    /// <summary>Both numbers one after the other, as PKCS#11 and IEEE P1363 have them.</summary>
    public override byte[] SignHash(byte[] hash)
    {
        // FIPS 186-5 §6.4.1 takes the leftmost bits; older modules refuse more than there are.
        var most = (KeySize + 7) / 8;
        return key.Sign(CKM.CKM_ECDSA, hash.Length <= most ? hash : hash[..most]);
    }

    public override bool VerifyHash(byte[] hash, byte[] signature) => publicKey.VerifyHash(hash, signature);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            key.Dispose();
            publicKey.Dispose();
        }

        base.Dispose(disposing);
    }
}
