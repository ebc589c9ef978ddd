using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace OcspLab.Responder;

/// <summary>
/// Takes the request out of a GET's raw target (RFC 6960 A.1). The raw one, because routing keeps <c>%2F</c>, decodes
/// <c>%2B</c>, and splits at the slashes that base64 contains.
/// </summary>
internal static class RequestTarget
{
    /// <summary>True with the bytes when the target ends in base64; the bytes need not be a request.</summary>
    public static bool TryRead(string rawTarget, [NotNullWhen(true)] out byte[]? request)
    {
        request = null;
        var path = rawTarget;

        // Absolute form, as sent to a proxy (RFC 9112 §3.2.2).
        if (path.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(path, UriKind.Absolute, out _))
        {
            var start = path.IndexOf('/', path.IndexOf("://", StringComparison.Ordinal) + 3);
            path = start < 0 ? "" : path[start..];
        }

        // DER of a request starts with 0x30, so its base64 starts with M: leading slashes are never part of it.
        var text = Uri.UnescapeDataString(path).TrimStart('/');
        if (text.Length == 0 || !Base64.IsValid(text))
            return false;
        request = Convert.FromBase64String(text);
        return true;
    }
}
