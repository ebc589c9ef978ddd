using System.Net.Security;
using System.Runtime.CompilerServices;

namespace OcspLab.Stapling.Tests;

/// <summary>What the runtime will staple.</summary>
internal static class ContextPeek
{
    public static byte[]? StapleOf(SslStreamCertificateContext context) => Response(context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_ocspResponse")]
    private static extern ref byte[]? Response(SslStreamCertificateContext context);
}
