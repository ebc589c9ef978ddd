using System.Net.Security;
using System.Runtime.CompilerServices;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// The fields of <see cref="SslStreamCertificateContext"/> that its Linux implementation reads at each handshake. There
/// is no public way to hand over a staple; <see cref="StapleCanary"/> shows at start whether this one still works.
/// </summary>
internal static class SslContextFields
{
    /// <summary>
    /// Makes a context that no handshake has used yet staple what it is given, and nothing else, for ever. The runtime
    /// is kept from fetching on its own, and an unstapled context too lets OpenSSL ask for a staple: the SSL_CTX it
    /// makes is shared with later contexts of the same certificate.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="staple">The response, or null for none; not changed afterwards.</param>
    /// <exception cref="MissingFieldException">This runtime has other fields.</exception>
    public static void Claim(SslStreamCertificateContext context, byte[]? staple)
    {
        // Never asked: it only has to be there before the context's first handshake.
        Urls(context) = ["http://localhost/"];
        Response(context) = staple;
        Expiration(context) = DateTimeOffset.MaxValue;
        NextDownload(context) = DateTimeOffset.MaxValue;
        StaplingForbidden(context) = false;
    }

    /// <summary>Exchanges the staple of a context that was claimed; handshakes may be using it.</summary>
    /// <param name="context">The context.</param>
    /// <param name="staple">The response, or null for none; not changed afterwards.</param>
    public static void Exchange(SslStreamCertificateContext context, byte[]? staple) =>
        Volatile.Write(ref Response(context), staple);

    /// <summary>The authorities for client certificates, which a context made in place of another must keep.</summary>
    /// <exception cref="MissingFieldException">This runtime has other fields.</exception>
    public static SslCertificateTrust? TrustOf(SslStreamCertificateContext context) => Trust(context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "Trust")]
    private static extern ref SslCertificateTrust? Trust(SslStreamCertificateContext context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_staplingForbidden")]
    private static extern ref bool StaplingForbidden(SslStreamCertificateContext context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_ocspResponse")]
    private static extern ref byte[]? Response(SslStreamCertificateContext context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_ocspExpiration")]
    private static extern ref DateTimeOffset Expiration(SslStreamCertificateContext context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_nextDownload")]
    private static extern ref DateTimeOffset NextDownload(SslStreamCertificateContext context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_ocspUrls")]
    private static extern ref List<string>? Urls(SslStreamCertificateContext context);
}
