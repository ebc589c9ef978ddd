using System.Globalization;
using OcspLab.Probe;

namespace OcspLab.Comparison.Measurements;

/// <summary>A kind of handshake whose cost is measured.</summary>
/// <param name="Version">The version of TLS.</param>
/// <param name="Session">New or resumed.</param>
/// <param name="Clients">How many clients shake hands at once.</param>
internal sealed record HandshakeKind(TlsVersion Version, SessionKind Session, int Clients)
{
    /// <summary>Every version.</summary>
    public static IReadOnlyList<TlsVersion> Versions { get; } = [TlsVersion.Tls12, TlsVersion.Tls13];

    /// <summary>
    /// Every kind. What many clients at once change is the same for both versions: they come in the newer one.
    /// </summary>
    public static IReadOnlyList<HandshakeKind> All { get; } =
    [
        .. from version in Versions
        from session in Enum.GetValues<SessionKind>()
        from clients in version == TlsVersion.Tls13 ? (int[])[1, 8, 32] : [1]
        select new HandshakeKind(version, session, clients),
    ];

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"TLS {(Version == TlsVersion.Tls12 ? "1.2" : "1.3")}, {Session.ToString().ToLowerInvariant()}, "
                + $"{Clients} {(Clients == 1 ? "client" : "clients")}"
        );
}
