using System.Formats.Asn1;

namespace OcspLab.Ocsp.Asn1;

/// <summary>Non-negative ENUMERATED values, whether or not the enumeration has a member for them.</summary>
internal static class DerEnumerated
{
    public static int Read(AsnReader reader)
    {
        var bytes = reader.ReadEnumeratedBytes().Span;
        if (bytes.Length > sizeof(short) || bytes[0] > 127)
            throw new AsnContentException("an enumerated value outside 0 to 32767");
        return bytes.Length == 1 ? bytes[0] : (bytes[0] << 8) | bytes[1];
    }
}
