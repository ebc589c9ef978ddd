using System.Formats.Asn1;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace OcspLab.Ocsp;

/// <summary>RSASSA-PSS (RFC 4055 §3.1) with any hash for the message, any for the mask and any salt.</summary>
internal sealed record RsaPss(CertIdHash Message, CertIdHash Mask, int SaltLength) : SignatureScheme
{
    public const string Oid = "1.2.840.113549.1.1.10";

    public override HashAlgorithmName? Hash => Name(Message);

    // RSASSA-PSS-params ::= SEQUENCE {
    //     hashAlgorithm     [0] AlgorithmIdentifier DEFAULT sha1,
    //     maskGenAlgorithm  [1] AlgorithmIdentifier DEFAULT mgf1SHA1,
    //     saltLength        [2] INTEGER DEFAULT 20,
    //     trailerField      [3] INTEGER DEFAULT 1 }
    public static RsaPss? Decode(ReadOnlyMemory<byte> parameters)
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
                hash = ReadHash(AlgorithmIdentifier.Decode(hashTag).Oid);
            if (Next(sequence, 1) is { } maskTag)
            {
                var generator = AlgorithmIdentifier.Decode(maskTag);
                if (generator.Oid != Mgf1)
                    return null;
                mask = ReadHash(AlgorithmIdentifier.Decode(new AsnReader(generator.Parameters, AsnEncodingRules.BER)).Oid);
            }

            if (Next(sequence, 2) is { } saltTag && !(saltTag.TryReadInt32(out saltLength) && saltLength is >= 0 and <= MaximumSaltLength))
                return null;
            if (Next(sequence, 3) is { } trailerTag && trailerTag.ReadInteger() != 1)
                return null;
            return sequence.HasData ? null : new RsaPss(hash, mask, saltLength);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    public override bool Verify(ReadOnlyMemory<byte> publicKeyInfo, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signature)
    {
        // The framework knows the usual shape only, and only keys that are not tied to PSS.
        if (Mask == Message && SaltLength == Message.Digest([]).Length && IsPlainRsa(publicKeyInfo))
            return PublicKeys.Rsa(publicKeyInfo).VerifyData(data.Span, signature.Span, Name(Message), RSASignaturePadding.Pss);

        if (PublicKeyFactory.CreateKey(publicKeyInfo.ToArray()) is not RsaKeyParameters key)
            return false;
        var verifier = new PssSigner(new RsaEngine(), DigestUtilities.GetDigest(Name(Message).Name), DigestUtilities.GetDigest(Name(Mask).Name), SaltLength);
        verifier.Init(forSigning: false, key);
        verifier.BlockUpdate(data.Span);
        return verifier.VerifySignature(signature.ToArray());
    }

    private static bool IsPlainRsa(ReadOnlyMemory<byte> publicKeyInfo) =>
        AlgorithmIdentifier.Decode(new AsnReader(publicKeyInfo, AsnEncodingRules.BER).ReadSequence()).Oid == RsaEncryption;

    private static AsnReader? Next(AsnReader sequence, int number)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, number);
        return sequence.HasData && sequence.PeekTag().HasSameClassAndValue(tag) ? sequence.ReadSequence(tag) : null;
    }

    private static CertIdHash ReadHash(string oid) => CertIdHashes.FromOid(oid) ?? throw new AsnContentException($"hash {oid}");

    private static HashAlgorithmName Name(CertIdHash hash) => hash switch
    {
        CertIdHash.Sha1 => HashAlgorithmName.SHA1,
        CertIdHash.Sha256 => HashAlgorithmName.SHA256,
        CertIdHash.Sha384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    private const string Mgf1 = "1.2.840.113549.1.1.8";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    // No RSA key that a platform takes has room for more.
    private const int MaximumSaltLength = 2048;
}
