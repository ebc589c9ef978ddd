using System.Formats.Asn1;
using System.Security.Cryptography;
using OcspLab.Ocsp.Asn1;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace OcspLab.Ocsp.Signatures;

/// <summary>RSASSA-PSS (RFC 4055 §3.1) with any hash for the message, any for the mask and any salt.</summary>
internal sealed record RsaPss(HashAlgorithmName Message, HashAlgorithmName Mask, int SaltLength) : SignatureScheme
{
    public const string Oid = "1.2.840.113549.1.1.10";

    public override HashAlgorithmName? Hash => Message;

    // RSASSA-PSS-params ::= SEQUENCE {
    //     hashAlgorithm     [0] AlgorithmIdentifier DEFAULT sha1,
    //     maskGenAlgorithm  [1] AlgorithmIdentifier DEFAULT mgf1SHA1,
    //     saltLength        [2] INTEGER DEFAULT 20,
    //     trailerField      [3] INTEGER DEFAULT 1 }
    public static RsaPss? Decode(ReadOnlyMemory<byte> parameters, AsnEncodingRules rules)
    {
        try
        {
            var reader = new AsnReader(parameters, rules);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var hash = HashAlgorithmName.SHA1;
            var mask = HashAlgorithmName.SHA1;
            var saltLength = 20;
            if (Next(sequence, 0) is { } hashTag)
                hash = ReadHash(hashTag);
            if (Next(sequence, 1) is { } maskTag)
            {
                var generator = AlgorithmIdentifier.Decode(maskTag);
                maskTag.ThrowIfNotEmpty();
                if (generator.Oid != Mgf1)
                    return null;
                mask = ReadHash(new AsnReader(generator.Parameters, rules));
            }

            if (Next(sequence, 2) is { } saltTag)
                saltLength = ReadSmall(saltTag);
            if (Next(sequence, 3) is { } trailerTag && ReadSmall(trailerTag) != 1)
                return null;
            return sequence.HasData || saltLength > MaximumSaltLength ? null : new RsaPss(hash, mask, saltLength);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    public override bool Verify(
        ReadOnlyMemory<byte> publicKeyInfo,
        ReadOnlyMemory<byte> data,
        ReadOnlyMemory<byte> signature
    )
    {
        if (!IsAllowedBy(publicKeyInfo))
            return false;

        // The framework knows the usual shape only, and only keys that are not tied to PSS.
        if (
            Mask == Message
            && SaltLength == CryptographicOperations.HashData(Message, []).Length
            && IsPlainRsa(publicKeyInfo)
        )
            return PublicKeys
                .Rsa(publicKeyInfo)
                .VerifyData(data.Span, signature.Span, Message, RSASignaturePadding.Pss);

        if (PublicKeyFactory.CreateKey(publicKeyInfo.ToArray()) is not RsaKeyParameters key)
            return false;
        var verifier = new PssSigner(
            new RsaEngine(),
            DigestUtilities.GetDigest(Message.Name),
            DigestUtilities.GetDigest(Mask.Name),
            SaltLength
        );
        verifier.Init(forSigning: false, key);
        verifier.BlockUpdate(data.Span);
        return verifier.VerifySignature(signature.ToArray());
    }

    // RFC 4055 §3.3: a key may be bound to a hash, a mask and a least length of the salt.
    private bool IsAllowedBy(ReadOnlyMemory<byte> publicKeyInfo)
    {
        var key = AlgorithmIdentifier.Decode(new AsnReader(publicKeyInfo, AsnEncodingRules.BER).ReadSequence());
        return key.Oid != Oid
            || key.Parameters.IsEmpty
            || (
                Decode(key.Parameters, AsnEncodingRules.BER) is { } bound
                && bound.Message == Message
                && bound.Mask == Mask
                && SaltLength >= bound.SaltLength
            );
    }

    private static bool IsPlainRsa(ReadOnlyMemory<byte> publicKeyInfo) =>
        AlgorithmIdentifier.Decode(new AsnReader(publicKeyInfo, AsnEncodingRules.BER).ReadSequence()).Oid
        == RsaEncryption;

    private static AsnReader? Next(AsnReader sequence, int number)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, number);
        return sequence.HasData && sequence.PeekTag().HasSameClassAndValue(tag) ? sequence.ReadSequence(tag) : null;
    }

    private static HashAlgorithmName ReadHash(AsnReader reader)
    {
        var algorithm = AlgorithmIdentifier.Decode(reader);
        reader.ThrowIfNotEmpty();
        return HashIdentifiers.Find(algorithm.Oid) ?? throw new AsnContentException($"hash {algorithm.Oid}");
    }

    private static int ReadSmall(AsnReader reader)
    {
        var number =
            reader.TryReadInt32(out var value) && value >= 0
                ? value
                : throw new AsnContentException("a length or trailer that cannot be");
        reader.ThrowIfNotEmpty();
        return number;
    }

    private const string Mgf1 = "1.2.840.113549.1.1.8";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    // No RSA key that a platform takes has room for more.
    private const int MaximumSaltLength = 2048;
}
