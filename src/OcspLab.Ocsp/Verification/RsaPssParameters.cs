using System.Formats.Asn1;
using System.Security.Cryptography;

namespace OcspLab.Ocsp;

/// <summary>RSASSA-PSS-params (RFC 4055 §3.1), where mask and message use the same hash and the salt is as long as that hash.</summary>
internal static class RsaPssParameters
{
    public const string Oid = "1.2.840.113549.1.1.10";

    // RSASSA-PSS-params ::= SEQUENCE {
    //     hashAlgorithm     [0] AlgorithmIdentifier DEFAULT sha1,
    //     maskGenAlgorithm  [1] AlgorithmIdentifier DEFAULT mgf1SHA1,
    //     saltLength        [2] INTEGER DEFAULT 20,
    //     trailerField      [3] INTEGER DEFAULT 1 }
    public static SignatureScheme? Decode(ReadOnlyMemory<byte> parameters)
    {
        try
        {
            // Certificates carry these too, not all of them in DER; the values alone decide.
            var reader = new AsnReader(parameters, AsnEncodingRules.BER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var hash = CertIdHash.Sha1;
            var mask = CertIdHash.Sha1;
            var saltLength = 20;
            if (Next(sequence, 0) is { } hashTag)
                hash = Hash(AlgorithmIdentifier.Decode(hashTag).Oid);
            if (Next(sequence, 1) is { } maskTag)
            {
                var generator = AlgorithmIdentifier.Decode(maskTag);
                if (generator.Oid != Mgf1)
                    return null;
                mask = Hash(AlgorithmIdentifier.Decode(new AsnReader(generator.Parameters, AsnEncodingRules.BER)).Oid);
            }

            if (Next(sequence, 2) is { } saltTag && !saltTag.TryReadInt32(out saltLength))
                return null;
            if (Next(sequence, 3) is { } trailerTag && trailerTag.ReadInteger() != 1)
                return null;
            // The framework's PSS has a salt as long as the hash, and one hash for both uses.
            return sequence.HasData || mask != hash || saltLength != hash.Digest([]).Length
                ? null
                : new SignatureScheme(KeyKind.Rsa, Name(hash), RSASignaturePadding.Pss);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static AsnReader? Next(AsnReader sequence, int number)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, number);
        return sequence.HasData && sequence.PeekTag().HasSameClassAndValue(tag) ? sequence.ReadSequence(tag) : null;
    }

    private static CertIdHash Hash(string oid) => CertIdHashes.FromOid(oid) ?? throw new AsnContentException($"hash {oid}");

    private static HashAlgorithmName Name(CertIdHash hash) => hash switch
    {
        CertIdHash.Sha1 => HashAlgorithmName.SHA1,
        CertIdHash.Sha256 => HashAlgorithmName.SHA256,
        CertIdHash.Sha384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    private const string Mgf1 = "1.2.840.113549.1.1.8";
}
