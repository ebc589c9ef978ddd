using System.Formats.Asn1;

namespace OcspLab.Ocsp.Asn1;

/// <summary>
/// SEQUENCE OF OBJECT IDENTIFIER: what AcceptableResponses (RFC 6960 §4.4.3) and extended key usage (RFC 5280
/// §4.2.1.12) are.
/// </summary>
internal static class ObjectIdentifierList
{
    /// <exception cref="AsnContentException">The value is anything else.</exception>
    public static List<string> Decode(ReadOnlyMemory<byte> value, AsnEncodingRules rules)
    {
        var reader = new AsnReader(value, rules);
        var sequence = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var oids = new List<string>();
        while (sequence.HasData)
            oids.Add(sequence.ReadObjectIdentifier());
        return oids;
    }
}
