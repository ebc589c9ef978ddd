using System.Formats.Asn1;

namespace OcspLab.Ocsp.Asn1;

/// <summary>An algorithm and its parameters, still encoded (RFC 5280 §4.1.1.2).</summary>
internal readonly record struct AlgorithmIdentifier(string Oid, ReadOnlyMemory<byte> Parameters)
{
    // AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY DEFINED BY algorithm OPTIONAL }
    public static AlgorithmIdentifier Decode(AsnReader parent)
    {
        var sequence = parent.ReadSequence();
        var oid = sequence.ReadObjectIdentifier();
        var parameters = sequence.HasData ? sequence.ReadEncodedValue() : default;
        sequence.ThrowIfNotEmpty();
        return new AlgorithmIdentifier(oid, parameters);
    }

    /// <summary>True for the two spellings of "none": absent and NULL.</summary>
    public bool HasNoParameters =>
        Parameters.IsEmpty || Parameters.Span.SequenceEqual((ReadOnlySpan<byte>)[0x05, 0x00]);
}
