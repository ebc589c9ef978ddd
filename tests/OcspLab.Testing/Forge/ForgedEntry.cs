using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;

namespace OcspLab.Testing.Forge;

/// <summary>A SingleResponse, right or wrong (RFC 6960 §4.2.1).</summary>
public sealed record ForgedEntry
{
    public required string HashOid { get; init; }
    public required byte[] NameHash { get; init; }
    public required byte[] KeyHash { get; init; }

    /// <summary>The content octets of the INTEGER.</summary>
    public required byte[] Serial { get; init; }

    /// <summary>CertStatus in DER. Default: good.</summary>
    public byte[] Status { get; init; } = [0x80, 0x00];

    public DateTimeOffset ThisUpdate { get; init; }

    public DateTimeOffset? NextUpdate { get; init; }

    public IReadOnlyList<ForgedExtension>? Extensions { get; init; }

    public static byte[] Unknown => [0x82, 0x00];

    public static ForgedEntry For(
        ForgedCertificate certificate,
        ForgedCertificate issuer,
        HashAlgorithmName? hash = null
    ) => For(certificate.Certificate.SerialNumberBytes.ToArray(), issuer, hash);

    public static ForgedEntry For(byte[] serial, ForgedCertificate issuer, HashAlgorithmName? hash = null)
    {
        var name = hash ?? HashAlgorithmName.SHA1;
        return new ForgedEntry
        {
            HashOid = CryptoConfig.MapNameToOID(name.Name!)!,
            NameHash = CryptographicOperations.HashData(name, issuer.SubjectName),
            KeyHash = CryptographicOperations.HashData(name, issuer.Key.PublicKeyBits),
            Serial = serial,
        };
    }

    public static byte[] Revoked(DateTimeOffset at, int? reason = null)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
        {
            writer.WriteGeneralizedTime(at, omitFractionalSeconds: true);
            if (reason is { } number)
            {
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                    WriteEnumerated(writer, number);
            }
        }

        return writer.Encode();
    }

    public byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(HashOid);
                    writer.WriteNull();
                }

                writer.WriteOctetString(NameHash);
                writer.WriteOctetString(KeyHash);
                writer.WriteInteger(Serial);
            }

            writer.WriteEncodedValue(Status);
            writer.WriteGeneralizedTime(ThisUpdate, omitFractionalSeconds: true);
            if (NextUpdate is { } nextUpdate)
            {
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                    writer.WriteGeneralizedTime(nextUpdate, omitFractionalSeconds: true);
            }

            if (Extensions is not null)
                ForgedExtension.WriteAll(writer, Extensions);
        }

        return writer.Encode();
    }

    private static void WriteEnumerated(AsnWriter writer, int number) =>
        writer.WriteEncodedValue(
            Convert.FromHexString(
                number is >= 0 and < 128
                    ? string.Create(CultureInfo.InvariantCulture, $"0A01{number:X2}")
                    : string.Create(CultureInfo.InvariantCulture, $"0A02{(short)number:X4}")
            )
        );
}

/// <summary>An extension of a response or an entry.</summary>
public sealed record ForgedExtension(string Oid, bool Critical, byte[] Value)
{
    /// <summary>One that nobody understands.</summary>
    public static ForgedExtension Unknown(bool critical) => new("1.3.6.1.4.1.99999.1", critical, [0x05, 0x00]);

    public static ForgedExtension Nonce(byte[] octets)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(octets);
        return new ForgedExtension("1.3.6.1.5.5.7.48.1.2", false, writer.Encode());
    }

    public static void WriteAll(AsnWriter writer, IReadOnlyList<ForgedExtension> extensions)
    {
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
        using (writer.PushSequence())
        {
            foreach (var extension in extensions)
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(extension.Oid);
                    if (extension.Critical)
                        writer.WriteBoolean(true);
                    writer.WriteOctetString(extension.Value);
                }
            }
        }
    }
}
