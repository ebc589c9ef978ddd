using System.Formats.Asn1;

namespace OcspLab.Ocsp.Asn1;

/// <summary>
/// An extension of a request, a response or an entry, its value still encoded (RFC 5280 §4.1.2.9, RFC 6960 §4.4).
/// </summary>
/// <param name="Oid">Its identifier in dotted decimals.</param>
/// <param name="Critical">Whether one who doesn't understand it must refuse the whole.</param>
/// <param name="Value">The content of extnValue.</param>
public readonly record struct OcspExtension(string Oid, bool Critical, ReadOnlyMemory<byte> Value)
{
    // Extensions ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE,
    // extnValue OCTET STRING }
    internal static List<OcspExtension> DecodeAll(AsnReader explicitTag)
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
            // Each is compared with all before it: the number is bounded, or the time would grow with its square.
            if (extensions.Count == Maximum)
                throw new AsnContentException($"more than {Maximum} extensions");
            extensions.Add(new OcspExtension(oid, critical, value));
        }

        return extensions;
    }

    /// <summary>
    /// The nonce: an OCTET STRING within the extension's OCTET STRING, 1 to 128 octets (RFC 9654 §2.1).
    /// </summary>
    /// <exception cref="AsnContentException">The value is anything else.</exception>
    internal ReadOnlyMemory<byte> ReadNonce()
    {
        var reader = new AsnReader(Value, AsnEncodingRules.DER);
        var nonce = reader.ReadOctetString();
        reader.ThrowIfNotEmpty();
        if (nonce.Length is 0 or > 128)
            throw new AsnContentException($"a nonce of {nonce.Length} octets; 1 to 128 are allowed");
        return nonce;
    }

    private const int Maximum = 64;
}
