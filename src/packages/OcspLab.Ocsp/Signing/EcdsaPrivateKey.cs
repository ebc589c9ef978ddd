using System.Security.Cryptography;

namespace OcspLab.Ocsp.Signing;

/// <summary>ECDSA (RFC 5758 §3.2).</summary>
internal sealed class EcdsaPrivateKey(ECDsa key) : IPrivateKey
{
    public IReadOnlyList<string> Algorithms => SignatureAlgorithms.Ecdsa;

    public bool HasNullParameters => false;

    public byte[] Sign(ReadOnlySpan<byte> data, string algorithm) =>
        key.SignData(data, SignatureAlgorithms.HashOf(algorithm), DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => key.Dispose();
}
