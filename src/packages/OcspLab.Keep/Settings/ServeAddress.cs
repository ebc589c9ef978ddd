using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace OcspLab.Keep.Settings;

/// <summary>Where to listen: an address and a port.</summary>
internal static class ServeAddress
{
    public static bool TryParse(string text, [NotNullWhen(true)] out IPEndPoint? endpoint)
    {
        // Without a port it would be any.
        var isOne = IPEndPoint.TryParse(
            text.Replace("localhost:", "127.0.0.1:", StringComparison.Ordinal),
            out endpoint
        );
        return isOne && endpoint!.Port > 0;
    }
}
