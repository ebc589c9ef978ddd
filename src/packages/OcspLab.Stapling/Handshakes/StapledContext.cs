using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// What handshakes with one certificate use. The runtime's context is made at the first of them, since the runtime
/// builds a chain for it, and let go when there was none for long; its staple is exchanged in place, as the runtime
/// itself does with those that it fetches. Thread-safe.
/// </summary>
/// <remarks>
/// What is in force is asked of the slot at each handshake, so that no news can be missed. A handshake that has the
/// context already gets the newer staple or, when the last one has just ended, none.
/// </remarks>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "The copies of the certificates live as long as handshakes use the context, which nobody knows."
)]
internal sealed class StapledContext : IHandshakeContext
{
    // So that nobody takes a context of ours that comes back for an application's.
    private static readonly ConditionalWeakTable<SslStreamCertificateContext, StapledContext> Owners = [];

    private readonly Lock _changing = new();
    private volatile Made? _made;

    /// <param name="certificate">The server's certificate with its key.</param>
    /// <param name="chain">Certificates of authorities to build its chain from; they are kept.</param>
    /// <param name="trust">The authorities for client certificates, or null.</param>
    /// <param name="slot">Where its staple is kept.</param>
    public StapledContext(
        X509Certificate2 certificate,
        X509Certificate2Collection chain,
        SslCertificateTrust? trust,
        StapleSlot slot
    )
    {
        // A copy: an application may dispose of its own while handshakes go on.
        Certificate = new X509Certificate2(certificate);
        Chain = chain;
        Trust = trust;
        Slot = slot;
        slot.Use(this);
    }

    /// <summary>A copy of the server's certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The certificates of authorities to build its chain from.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>The authorities for client certificates, or null.</summary>
    public SslCertificateTrust? Trust { get; }

    /// <summary>Where its staple is kept.</summary>
    public StapleSlot Slot { get; }

    /// <summary>That of the certificate that this one takes the place of, until it has a staple.</summary>
    public StapledContext? Predecessor { get; set; }

    /// <summary>Whether the runtime's context is there.</summary>
    public bool IsMade => _made is not null;

    /// <summary>Whose context it is, or null where it is not one of this library's.</summary>
    public static StapledContext? OwnerOf(SslStreamCertificateContext context) =>
        Owners.TryGetValue(context, out var owner) ? owner : null;

    /// <summary>Whether it serves for a certificate that comes with these as well.</summary>
    public bool IsFor(X509Certificate2Collection chain, SslCertificateTrust? trust) =>
        ReferenceEquals(trust, Trust)
        && chain.Count == Chain.Count
        && chain.Zip(Chain).All(pair => pair.First.RawDataMemory.Span.SequenceEqual(pair.Second.RawDataMemory.Span));

    /// <summary>The runtime's context for a handshake that begins now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="outcome">Whether it has a staple, and why not.</param>
    /// <exception cref="AuthenticationException">The runtime makes none of the certificate and its chain.</exception>
    /// <remarks>Two volatile reads and two comparisons, once it is made.</remarks>
    public SslStreamCertificateContext Select(DateTimeOffset now, out HandshakeOutcome outcome)
    {
        var made = _made;
        var inForce = Slot.Current;
        if (made is null || !ReferenceEquals(made.Staple, now < inForce?.ExpiresAt ? inForce : null))
            made = Update(now, out inForce);
        outcome = (made.Staple, inForce) switch
        {
            (not null, _) => HandshakeOutcome.Stapled,
            (null, null) => HandshakeOutcome.None,
            _ => HandshakeOutcome.Expired,
        };
        return made.Context;
    }

    /// <summary>
    /// Lets go of the runtime's context: handshakes under way keep it, and the next one makes another.
    /// </summary>
    public void LetGo()
    {
        lock (_changing)
            _made = null;
    }

    // Under the lock the slot is asked once more: of two handshakes the one that asked it first may come last.
    private Made Update(DateTimeOffset now, out VerifiedStaple? inForce)
    {
        lock (_changing)
        {
            inForce = Slot.Current;
            var staple = now < inForce?.ExpiresAt ? inForce : null;
            var made = _made;
            if (made is not null && ReferenceEquals(made.Staple, staple))
                return made;
            if (made is null)
            {
                var context = Create();
                SslContextFields.Claim(context, Bytes(staple));
                Owners.Add(context, this);
                return _made = new Made(context, staple);
            }

            SslContextFields.Exchange(made.Context, Bytes(staple));
            return _made = made with { Staple = staple };
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Whatever the runtime says of a certificate and its chain: the handshake fails with it."
    )]
    private SslStreamCertificateContext Create()
    {
        try
        {
            // Offline, so that this context never fetches by itself.
            return SslStreamCertificateContext.Create(Certificate, Chain, offline: true, Trust);
        }
        catch (Exception exception)
        {
            throw new AuthenticationException(
                $"No handshake context can be made for '{Slot.Name}': {exception.Message}",
                exception
            );
        }
    }

    private static byte[]? Bytes(VerifiedStaple? staple) =>
        staple is null ? null
        : MemoryMarshal.TryGetArray(staple.Encoded, out var whole) && whole.Count == whole.Array!.Length ? whole.Array
        : staple.Encoded.ToArray();

    /// <summary>The runtime's context, and the staple that it has.</summary>
    private sealed record Made(SslStreamCertificateContext Context, VerifiedStaple? Staple);
}
