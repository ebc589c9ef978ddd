using System.Formats.Asn1;

namespace OcspLab.Ocsp;

/// <summary>An extension of a request or response, its value still encoded (RFC 5280 §4.1.2.9).</summary>
internal readonly record struct OcspExtension(string Oid, bool Critical, ReadOnlyMemory<byte> Value)
{
    // Extensions ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
    public static List<OcspExtension> DecodeAll(AsnReader explicitTag)
    {
        var list = explicitTag.ReadSequence();
        explicitTag.ThrowIfNotEmpty();
        var extensions = new List<OcspExtension>();
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var critical = extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean();
            var value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (extensions.Exists(other => other.Oid == oid))
                throw new AsnContentException($"extension {oid} stands twice");
            extensions.Add(new OcspExtension(oid, critical, value));
        }

        return extensions;
    }

    /// <summary>The nonce: an OCTET STRING within the extension's OCTET STRING, 1 to 128 octets (RFC 9654 §2.1).</summary>
    public ReadOnlyMemory<byte> ReadNonce()
    {
        var reader = new AsnReader(Value, AsnEncodingRules.DER);
        var nonce = reader.ReadOctetString();
        reader.ThrowIfNotEmpty();
        if (nonce.Length is 0 or > 128)
            throw new AsnContentException($"a nonce of {nonce.Length} octets; 1 to 128 are allowed");
        return nonce;
    }
}
