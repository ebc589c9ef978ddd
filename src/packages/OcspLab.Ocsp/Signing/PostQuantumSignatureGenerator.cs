using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Ocsp.Signing;

/// <summary>Signs certificates with a key that the framework may not know.</summary>
internal sealed class PostQuantumSignatureGenerator(PostQuantumKey key) : X509SignatureGenerator
{
    // AlgorithmIdentifier without parameters (RFC 9881 §2, RFC 9909 §3).
    public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
            writer.WriteObjectIdentifier(key.PublicKey.Oid.Value!);
        return writer.Encode();
    }

    public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key.Sign(data);

    protected override PublicKey BuildPublicKey() => key.PublicKey;
}
