using System.Globalization;
using System.Numerics;

namespace OcspLab.Responder.Sources;

/// <summary>Serial numbers as people and programs write them.</summary>
internal static class SerialNumbers
{
    /// <summary>
    /// INTEGER content octets in lower-case hexadecimal, however many zeros there were; null when it is no number of at
    /// most 20 octets (RFC 5280 §4.1.2.2).
    /// </summary>
    /// <param name="text">
    /// A number in hexadecimal, as <c>openssl x509 -serial</c> prints it; a minus before it is taken, because such
    /// certificates exist.
    /// </param>
    public static string? Normalize(string? text)
    {
        var negative = text is ['-', ..];
        var digits = negative ? text![1..] : text;
        if (digits is not { Length: > 0 and <= LongestText } || !digits.All(char.IsAsciiHexDigit))
            return null;
        var number = BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var octets = (negative ? -number : number).ToByteArray(isUnsigned: false, isBigEndian: true);
        // One octet more where the first bit of twenty is set.
        return octets.Length <= MaximumOctets + 1 ? Convert.ToHexStringLower(octets) : null;
    }

    private const int MaximumOctets = 20;
    private const int LongestText = 64;
}
