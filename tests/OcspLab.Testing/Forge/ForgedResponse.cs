using System.Formats.Asn1;
using System.Security.Cryptography;

namespace OcspLab.Testing.Forge;

/// <summary>
/// Any OCSPResponse (RFC 6960 §4.2.1), right or wrong in one stated way. Written with the framework's DER writer and
/// signed with BouncyCastle, so that the code under test has no hand in its own evidence.
/// </summary>
public sealed record ForgedResponse
{
    public required ForgedCertificate Signer { get; init; }

    /// <summary>The key that really signs, when it is not the signer's.</summary>
    public ForgedKey? SigningKey { get; init; }

    /// <summary>ResponderID in DER. Default: byKey, the signer's.</summary>
    public byte[]? ResponderId { get; init; }

    public required DateTimeOffset ProducedAt { get; init; }

    public required IReadOnlyList<ForgedEntry> Entries { get; init; }

    public IReadOnlyList<ForgedExtension>? Extensions { get; init; }

    /// <summary>The enclosed certificates, or null to leave the field out.</summary>
    public IReadOnlyList<byte[]>? Certificates { get; init; }

    /// <summary>AlgorithmIdentifier in DER, when it is not the key's.</summary>
    public byte[]? AlgorithmIdentifier { get; init; }

    public string ResponseType { get; init; } = "1.3.6.1.5.5.7.48.1.1";

    /// <summary>Changes ResponseData before it is signed.</summary>
    public Action<DerNode>? EditSigned { get; init; }

    /// <summary>Changes the whole OCSPResponse after it was signed.</summary>
    public Action<DerNode>? EditWhole { get; init; }

    public static byte[] ByName(byte[] name) => Choice(1, writer => writer.WriteEncodedValue(name));

    public static byte[] ByKey(byte[] keyHash) => Choice(2, writer => writer.WriteOctetString(keyHash));

    /// <summary>The bare ResponseData, as it will be signed.</summary>
    public byte[] EncodeSigned()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(ResponderId ?? ByKey(SHA1.HashData(Signer.Key.PublicKeyBits)));
            writer.WriteGeneralizedTime(ProducedAt, omitFractionalSeconds: true);
            using (writer.PushSequence())
            {
                foreach (var entry in Entries)
                    writer.WriteEncodedValue(entry.Encode());
            }

            if (Extensions is not null)
                ForgedExtension.WriteAll(writer, Extensions);
        }

        return Edited(writer.Encode(), EditSigned);
    }

    public byte[] Encode() => Edited(Wrap(EncodeSigned()), EditWhole);

    /// <summary>A complete response around ResponseData, signed over exactly these bytes.</summary>
    public byte[] Wrap(byte[] responseData)
    {
        // Without a writer that checks: what stands inside may be wrong on purpose.
        var key = SigningKey ?? Signer.Key;
        byte[] certificates = Certificates is null
            ? []
            : DerNode.Wrap(Explicit0, DerNode.Wrap(Sequence, [.. Certificates]));
        var basic = DerNode.Wrap(
            Sequence,
            responseData,
            AlgorithmIdentifier ?? key.AlgorithmIdentifier,
            DerNode.Wrap(BitString, [0], key.Sign(responseData)),
            certificates
        );
        var responseBytes = DerNode.Wrap(Sequence, Oid(ResponseType), DerNode.Wrap(OctetString, basic));
        return DerNode.Wrap(Sequence, [0x0a, 0x01, 0x00], DerNode.Wrap(Explicit0, responseBytes));
    }

    private static byte[] Oid(string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);
        return writer.Encode();
    }

    private static byte[] Edited(byte[] encoded, Action<DerNode>? edit)
    {
        if (edit is null)
            return encoded;
        var tree = DerNode.Parse(encoded);
        edit(tree);
        return tree.Encode();
    }

    private static byte[] Choice(int number, Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, number)))
            write(writer);
        return writer.Encode();
    }

    private const byte BitString = 0x03;
    private const byte OctetString = 0x04;
    private const byte Sequence = 0x30;
    private const byte Explicit0 = 0xa0;
}
