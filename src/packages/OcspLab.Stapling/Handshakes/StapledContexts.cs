using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// The contexts of one certificate: one without a staple, and one for the current staple. A context never changes once
/// a handshake can see it; a new staple brings a new context. The runtime keys its SSL_CTX cache by the certificates,
/// so sessions go on being resumed.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "The copies of the certificates live as long as handshakes use the contexts, which nobody knows."
)]
internal sealed class StapledContexts : IStapleWatcher
{
    // So that nobody takes a context of ours that comes back for an application's.
    private static readonly ConditionalWeakTable<SslStreamCertificateContext, StapledContexts> Owners = [];

    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection _chain;
    private readonly SslCertificateTrust? _trust;
    private readonly StapleSlot _slot;
    private readonly SslStreamCertificateContext _plain;
    private readonly Lock _building = new();
    private volatile Stapled? _current;

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
        _certificate = new X509Certificate2(certificate);
        _chain = [.. chain.Select(authority => new X509Certificate2(authority))];
        _trust = trust;
        _slot = slot;
        _plain = Build(null);
        // Watching before reading: what is published in between is seen either way.
        slot.Watch(this);
        StapleChanged();
    }

    public bool IsMustStaple => _slot.IsMustStaple;

    public string Name => _slot.Name;

    /// <summary>Whose context it is, or null where it is not one of this library's.</summary>
    public static StapledContexts? OwnerOf(SslStreamCertificateContext context) =>
        Owners.TryGetValue(context, out var owner) ? owner : null;

    /// <summary>The context for a handshake that begins now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="outcome">Whether it has a staple, and why not.</param>
    /// <remarks>One volatile read and one comparison.</remarks>
    public SslStreamCertificateContext Select(DateTimeOffset now, out HandshakeOutcome outcome)
    {
        var current = _current;
        if (current is null)
        {
            outcome = HandshakeOutcome.None;
            return _plain;
        }

        if (now >= current.ExpiresAt)
        {
            outcome = HandshakeOutcome.Expired;
            return _plain;
        }

        outcome = HandshakeOutcome.Stapled;
        return current.Context;
    }

    public void StapleChanged()
    {
        lock (_building)
        {
            // Read inside the lock: whoever comes last publishes what is newest.
            var staple = _slot.Current;
            var former = _current;
            // A good staple stays until the next one is made. When it says something else now, nothing is better than
            // what was, whatever happens while the next one is made.
            if (staple is null || former?.Status != staple.Status.Kind)
                _current = null;
            try
            {
                _current = staple is null ? null : new Stapled(Build(staple), staple.ExpiresAt, staple.Status.Kind);
            }
            catch
            {
                _current = null;
                throw;
            }
        }
    }

    private SslStreamCertificateContext Build(VerifiedStaple? staple)
    {
        // Offline, so that this context never fetches by itself.
        var context = SslStreamCertificateContext.Create(_certificate, _chain, offline: true, _trust);
        if (_slot.Subject is not null)
            SslContextFields.Write(context, staple?.Encoded.ToArray());
        Owners.Add(context, this);
        return context;
    }

    private sealed record Stapled(SslStreamCertificateContext Context, DateTimeOffset ExpiresAt, CertStatusKind Status);
}
