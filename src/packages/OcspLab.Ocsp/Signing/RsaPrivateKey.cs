using System.Security.Cryptography;

namespace OcspLab.Ocsp.Signing;

/// <summary>RSASSA-PKCS1-v1_5 (RFC 4055 §5).</summary>
internal sealed class RsaPrivateKey(RSA key) : IPrivateKey
{
    public IReadOnlyList<string> Algorithms => SignatureAlgorithms.Rsa;

    public bool HasNullParameters => true;

    public byte[] Sign(ReadOnlySpan<byte> data, string algorithm) =>
        key.SignData(data, SignatureAlgorithms.HashOf(algorithm), RSASignaturePadding.Pkcs1);

    public void Dispose() => key.Dispose();
}
