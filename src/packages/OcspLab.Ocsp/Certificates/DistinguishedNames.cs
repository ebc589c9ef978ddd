using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Ocsp.Certificates;

/// <summary>
/// Distinguished names that are written differently and mean the same: the same letters as PrintableString and as
/// UTF8String (RFC 5280 §7.1). For finding only; what a name is trusted for rests on a signature.
/// </summary>
internal static class DistinguishedNames
{
    public static bool Same(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right) =>
        left.Span.SequenceEqual(right.Span) || (Read(left) is { } name && Same(name, right));

    /// <summary>The same for a name that was read before.</summary>
    public static bool Same(string left, ReadOnlyMemory<byte> right) =>
        Read(right) is { } name && string.Equals(left, name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// A name for people, whatever its bytes are: what would steer a terminal or break a line of a log is a question
    /// mark.
    /// </summary>
    public static string Describe(ReadOnlyMemory<byte> name) =>
        Read(name) switch
        {
            null => "an unreadable name",
            "" => "an empty name",
            var text => string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter)),
        };

    /// <summary>A name as text; null when it cannot be read or is longer than any honest one.</summary>
    public static string? Read(ReadOnlyMemory<byte> name)
    {
        if (name.Length > MaximumLength)
            return null;
        try
        {
            return new X500DistinguishedName(name.Span).Name;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // Beyond this a name comes from nobody honest, and reading it for each enclosed certificate would cost real time.
    private const int MaximumLength = 2 * 1024;
}
