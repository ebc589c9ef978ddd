using System.Formats.Asn1;

namespace OcspLab.Ocsp;

/// <summary>GeneralizedTime as RFC 5280 §4.1.2.5.2 narrows it: <c>YYYYMMDDHHMMSSZ</c>, no fraction.</summary>
internal static class DerTime
{
    public static DateTimeOffset Read(AsnReader reader)
    {
        if (reader.PeekContentBytes().Length != "YYYYMMDDHHMMSSZ".Length)
            throw new AsnContentException("a time that is not YYYYMMDDHHMMSSZ");
        return reader.ReadGeneralizedTime();
    }
}
