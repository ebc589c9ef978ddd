using System.Buffers;
using System.Buffers.Text;

namespace OcspLab.Responder;

/// <summary>
/// Takes the request out of a GET's raw target (RFC 6960 A.1). The raw one, because routing keeps <c>%2F</c>, decodes
/// <c>%2B</c>, and splits at the slashes that base64 contains.
/// </summary>
internal static class RequestTarget
{
    /// <summary>The bytes when the target ends in base64, which need not be a request; else how many there are is 0.</summary>
    /// <param name="rawTarget">The target as it came.</param>
    /// <param name="buffer">For the bytes; at least as long as the target.</param>
    public static int Read(string rawTarget, Span<byte> buffer)
    {
        ReadOnlySpan<char> path = rawTarget;

        // Absolute form, as sent to a proxy (RFC 9112 §3.2.2).
        if (path[0] != '/' && path.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme)
        {
            path = path[(scheme + 3)..];
            path = path.IndexOf('/') is >= 0 and var start ? path[start..] : default;
        }

        // DER of a request starts with 0x30, so its base64 starts with M: leading slashes, escaped or not, are never part of it.
        var length = Unescape(path, buffer);
        var text = buffer[..length].TrimStart((byte)'/');
        text.CopyTo(buffer);
        return text.Length > 0 && Base64.DecodeFromUtf8InPlace(buffer[..text.Length], out var written) == OperationStatus.Done ? written : 0;
    }

    // What is not escaped as it should be stays as it is, and is not base64.
    private static int Unescape(ReadOnlySpan<char> text, Span<byte> buffer)
    {
        var length = 0;
        for (var index = 0; index < text.Length; index++)
        {
            var letter = text[index];
            if (letter == '%' && index + 2 < text.Length && char.IsAsciiHexDigit(text[index + 1]) && char.IsAsciiHexDigit(text[index + 2]))
            {
                letter = (char)((Digit(text[index + 1]) << 4) | Digit(text[index + 2]));
                index += 2;
            }

            buffer[length++] = letter < 128 ? (byte)letter : (byte)'%';
        }

        return length;
    }

    private static int Digit(char letter) => letter <= '9' ? letter - '0' : (letter | 0x20) - 'a' + 10;
}
