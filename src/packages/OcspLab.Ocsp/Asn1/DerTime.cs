using System.Formats.Asn1;

namespace OcspLab.Ocsp.Asn1;

/// <summary>GeneralizedTime as RFC 5280 §4.1.2.5.2 narrows it: <c>YYYYMMDDHHMMSSZ</c>, no fraction.</summary>
internal static class DerTime
{
    public static DateTimeOffset Read(AsnReader reader)
    {
        if (reader.PeekContentBytes().Length != "YYYYMMDDHHMMSSZ".Length)
            throw new AsnContentException("a time that is not YYYYMMDDHHMMSSZ");
        return reader.ReadGeneralizedTime();
    }

    /// <summary>
    /// Time ::= CHOICE { utcTime UTCTime, generalTime GeneralizedTime }; RFC 5280 §4.1.2.5.1: years from 50 are of the
    /// 20th century.
    /// </summary>
    public static DateTimeOffset ReadEither(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime)
            ? reader.ReadUtcTime(twoDigitYearMax: 2049)
            : reader.ReadGeneralizedTime();
}
