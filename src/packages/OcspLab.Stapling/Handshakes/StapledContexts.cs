using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// The contexts of one certificate: one for the current staple, and one without where there is none. A context never
/// changes once a handshake can see it; a new staple brings a new context. The runtime keys its SSL_CTX cache by the
/// certificates, so sessions go on being resumed.
/// </summary>
/// <remarks>
/// What is in force is asked of the slot at each handshake, so that no news can be missed; that the context is made
/// when the staple comes spares the handshake the time.
/// </remarks>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "The copies of the certificates live as long as handshakes use the contexts, which nobody knows."
)]
internal sealed class StapledContexts : IStapleUser
{
    // So that nobody takes a context of ours that comes back for an application's.
    private static readonly ConditionalWeakTable<SslStreamCertificateContext, StapledContexts> Owners = [];

    private readonly Lock _building = new();
    private volatile Stapled? _stapled;
    private volatile SslStreamCertificateContext? _plain;
    private volatile VerifiedStaple? _failed;

    /// <param name="certificate">The server's certificate with its key.</param>
    /// <param name="chain">Certificates of authorities to build its chain from.</param>
    /// <param name="trust">The authorities for client certificates, or null.</param>
    /// <param name="slot">Where its staple is kept.</param>
    public StapledContexts(
        X509Certificate2 certificate,
        X509Certificate2Collection chain,
        SslCertificateTrust? trust,
        StapleSlot slot
    )
    {
        // Copies: an application may dispose of its own while handshakes go on.
        Certificate = new X509Certificate2(certificate);
        Chain = [.. chain.Select(authority => new X509Certificate2(authority))];
        Trust = trust;
        Slot = slot;
        slot.Use(this);
    }

    /// <summary>A copy of the server's certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Copies of the certificates of authorities to build its chain from.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>The authorities for client certificates, or null.</summary>
    public SslCertificateTrust? Trust { get; }

    /// <summary>Where its staple is kept.</summary>
    public StapleSlot Slot { get; }

    /// <summary>The contexts of the certificate that this one takes the place of, until it has a staple.</summary>
    public StapledContexts? Predecessor { get; set; }

    /// <summary>Whose context it is, or null where it is not one of this library's.</summary>
    public static StapledContexts? OwnerOf(SslStreamCertificateContext context) =>
        Owners.TryGetValue(context, out var owner) ? owner : null;

    /// <summary>Whether they serve for a certificate that comes with these as well.</summary>
    public bool AreFor(X509Certificate2Collection chain, SslCertificateTrust? trust) =>
        ReferenceEquals(trust, Trust)
        && chain.Count == Chain.Count
        && chain.Zip(Chain).All(pair => pair.First.RawDataMemory.Span.SequenceEqual(pair.Second.RawDataMemory.Span));

    /// <summary>The context for a handshake that begins now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="outcome">Whether it has a staple, and why not.</param>
    /// <remarks>Two volatile reads and one comparison, once the context is made.</remarks>
    public SslStreamCertificateContext Select(DateTimeOffset now, out HandshakeOutcome outcome)
    {
        var staple = Slot.Current;
        if (staple is null || now >= staple.ExpiresAt)
        {
            outcome = staple is null ? HandshakeOutcome.None : HandshakeOutcome.Expired;
            return Plain();
        }

        var stapled = _stapled;
        if (!ReferenceEquals(stapled?.Staple, staple))
            stapled = ReferenceEquals(_failed, staple) ? null : Make(staple, out _);
        outcome = stapled is null ? HandshakeOutcome.None : HandshakeOutcome.Stapled;
        return stapled?.Context ?? Plain();
    }

    public Exception? Renew()
    {
        if (Slot.Current is not { } staple)
            return null;
        Make(staple, out var fault);
        return fault;
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Whatever the runtime says of a certificate that it took before: the handshake goes on without "
            + "a staple, and who refreshes tells of it."
    )]
    private Stapled? Make(VerifiedStaple staple, out Exception? fault)
    {
        fault = null;
        lock (_building)
        {
            if (ReferenceEquals(_stapled?.Staple, staple))
                return _stapled;
            try
            {
                _stapled = new Stapled(Build(staple), staple);
                _failed = null;
            }
            catch (Exception exception)
            {
                // Nothing is better than what was true before.
                _stapled = null;
                _failed = staple;
                fault = exception;
            }

            return _stapled;
        }
    }

    private SslStreamCertificateContext Plain()
    {
        if (_plain is { } plain)
            return plain;
        lock (_building)
            return _plain ??= Build(null);
    }

    private SslStreamCertificateContext Build(VerifiedStaple? staple)
    {
        // Offline, so that this context never fetches by itself.
        var context = SslStreamCertificateContext.Create(Certificate, Chain, offline: true, Trust);
        SslContextFields.Write(context, staple?.Encoded.ToArray());
        Owners.Add(context, this);
        return context;
    }

    private sealed record Stapled(SslStreamCertificateContext Context, VerifiedStaple Staple);
}
