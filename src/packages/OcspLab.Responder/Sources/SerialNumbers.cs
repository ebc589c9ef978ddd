using System.Globalization;
using System.Numerics;

namespace OcspLab.Responder.Sources;

/// <summary>Serial numbers as people and programs write them.</summary>
internal static class SerialNumbers
{
    /// <summary>
    /// INTEGER content octets in lower-case hexadecimal, however many zeros there were; null when it is no number, or
    /// one of more than 20 octets (RFC 5280 §4.1.2.2).
    /// </summary>
    /// <param name="text">
    /// A number in hexadecimal, as <c>openssl x509 -serial</c> prints it; a minus before it is taken, because such
    /// certificates exist.
    /// </param>
    public static string? Normalize(string? text) => Read(text) is { } serial && IsShort(serial) ? serial : null;

    /// <summary>Whether a serial number has at most 20 octets: RFC 5280 §4.1.2.2 knows no longer ones.</summary>
    /// <param name="serialNumber">INTEGER content octets in hexadecimal.</param>
    public static bool IsShort(string serialNumber) => serialNumber.Length <= 2 * MaximumOctets;

    /// <summary>
    /// Whether a serial number is written as sources keep them: whole octets in lower-case hexadecimal, not too many.
    /// Somebody else's program may have written something else.
    /// </summary>
    public static bool IsCanonical(string serialNumber) =>
        serialNumber.Length > 0
        && serialNumber.Length % 2 == 0
        && IsShort(serialNumber)
        && serialNumber.All(char.IsAsciiHexDigitLower);

    /// <summary>The same as <see cref="Normalize"/>, for longer ones too: lists of old may have such.</summary>
    public static string? Read(string? text)
    {
        var negative = text is ['-', ..];
        var digits = negative ? text![1..] : text;
        if (digits is not { Length: > 0 and <= LongestText } || !digits.All(char.IsAsciiHexDigit))
            return null;
        var number = BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var octets = (negative ? -number : number).ToByteArray(isUnsigned: false, isBigEndian: true);
        return Convert.ToHexStringLower(octets);
    }

    private const int MaximumOctets = 20;
    private const int LongestText = 64;
}
