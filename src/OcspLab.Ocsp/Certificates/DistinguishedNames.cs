using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Ocsp;

/// <summary>
/// Distinguished names that are written differently and mean the same: the same letters as PrintableString and as UTF8String
/// (RFC 5280 §7.1). For finding only; what a name is trusted for rests on a signature.
/// </summary>
internal static class DistinguishedNames
{
    public static bool Same(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right)
    {
        if (left.Span.SequenceEqual(right.Span))
            return true;
        try
        {
            return string.Equals(new X500DistinguishedName(left.Span).Name, new X500DistinguishedName(right.Span).Name, StringComparison.OrdinalIgnoreCase);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
