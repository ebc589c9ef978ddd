using System.Net.Security;
using System.Runtime.CompilerServices;

namespace OcspLab.Stapling.Kestrel;

/// <summary>The contexts that handshakes with one certificate get.</summary>
internal interface IHandshakeContexts
{
    bool IsMustStaple { get; }

    string Name { get; }

    /// <summary>The context for a handshake that begins now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="staple"><see cref="HandshakeContexts.Stapled"/>, or why the context has no staple; the tag of the metric.</param>
    SslStreamCertificateContext Select(DateTimeOffset now, out string staple);
}

/// <summary>Which contexts are this library's, so that nobody takes one that comes back for an application's.</summary>
internal static class HandshakeContexts
{
    public const string Stapled = "stapled";
    public const string Expired = "expired";
    public const string None = "none";

    public static IHandshakeContexts? OwnerOf(SslStreamCertificateContext context) => Own.TryGetValue(context, out var owner) ? owner : null;

    public static void Claim(SslStreamCertificateContext context, IHandshakeContexts owner) => Own.Add(context, owner);

    private static readonly ConditionalWeakTable<SslStreamCertificateContext, IHandshakeContexts> Own = [];
}
