using System.Buffers;
using System.Buffers.Text;

namespace OcspLab.Ocsp.Requests;

/// <summary>
/// Takes the request out of a GET's raw target (RFC 6960 A.1). The raw one, because routing keeps <c>%2F</c>, decodes
/// <c>%2B</c>, and splits at the slashes that base64 contains.
/// </summary>
internal static class RequestTarget
{
    /// <summary>
    /// The bytes when the target ends in base64, which need not be a request; else how many there are is 0.
    /// </summary>
    /// <param name="rawTarget">The target as it came.</param>
    /// <param name="buffer">For the bytes; at least as long as the target.</param>
    public static int Read(string rawTarget, Span<byte> buffer)
    {
        ReadOnlySpan<char> path = rawTarget;

        // Absolute form, as sent to a proxy (RFC 9112 §3.2.2).
        if (path[0] != '/' && path.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme)
        {
            path = path[(scheme + 3)..];
            path = path.IndexOf('/') is >= 0 and var root ? path[root..] : default;
        }

        Span<byte> text = path.Length <= OnStack ? stackalloc byte[OnStack] : new byte[path.Length];
        text = text[..Unescape(path, text)];

        // A responder's URL may have a path of its own, and base64 has slashes: the request is what decodes to one DER
        // value. None of it is its leading slashes, because DER of a request starts with 0x30 and its base64 with M.
        // What is nowhere a value is taken from the start.
        var first = 0;
        var start = 0;
        for (var part = 0; part < MaximumParts && start < text.Length; part++)
        {
            start += text[start..].IndexOfAnyExcept((byte)'/') is >= 0 and var slashes ? slashes : text.Length - start;
            if (
                Base64.DecodeFromUtf8(text[start..], buffer, out _, out var written) == OperationStatus.Done
                && IsWhole(buffer[..written])
            )
                return written;
            if (part == 0)
                first = start;
            start += text[start..].IndexOf((byte)'/') is >= 0 and var length ? length : text.Length - start;
        }

        return
            first < text.Length
            && Base64.DecodeFromUtf8(text[first..], buffer, out _, out var all) == OperationStatus.Done
            ? all
            : 0;
    }

    // SEQUENCE in one of the forms of length that a request needs.
    private static bool IsWhole(ReadOnlySpan<byte> value) =>
        value switch
        {
            [0x30, < 0x80 and var length, ..] => value.Length == 2 + length,
            [0x30, 0x81, var length, ..] => value.Length == 3 + length,
            [0x30, 0x82, var high, var low, ..] => value.Length == 4 + (high << 8) + low,
            _ => false,
        };

    // What is not escaped as it should be stays as it is, and is not base64.
    private static int Unescape(ReadOnlySpan<char> text, Span<byte> buffer)
    {
        var length = 0;
        for (var index = 0; index < text.Length; index++)
        {
            var letter = text[index];
            if (
                letter == '%'
                && index + 2 < text.Length
                && char.IsAsciiHexDigit(text[index + 1])
                && char.IsAsciiHexDigit(text[index + 2])
            )
            {
                letter = (char)((Digit(text[index + 1]) << 4) | Digit(text[index + 2]));
                index += 2;
            }

            // A plus that somebody took for a blank, as in a form, and escaped.
            if (letter == ' ')
                letter = '+';
            buffer[length++] = letter < 128 ? (byte)letter : (byte)'%';
        }

        return length;
    }

    private static int Digit(char letter) => letter <= '9' ? letter - '0' : (letter | 0x20) - 'a' + 10;

    // Each is decoded, so there is an end.
    private const int MaximumParts = 8;

    private const int OnStack = 512;
}
