using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Stapling.Kestrel;

/// <summary>
/// The contexts of one certificate: one without a staple, and one for the current staple. A context never changes once a
/// handshake can see it; a new staple brings a new context. The runtime keys its SSL_CTX cache by the certificates, so sessions
/// go on being resumed.
/// </summary>
internal sealed class StapledContexts
{
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection _intermediates;
    private readonly SslCertificateTrust? _trust;
    private readonly StapleSlot _slot;
    private readonly SslStreamCertificateContext _plain;
    private readonly Lock _building = new();
    private volatile Stapled? _current;

    public StapledContexts(SslStreamCertificateContext original, StapleSlot slot)
    {
        _certificate = original.TargetCertificate;
        _intermediates = [.. original.IntermediateCertificates];
        _trust = SslContextFields.TrustOf(original);
        _slot = slot;
        _plain = Build(null);
        Rebuild(slot);

        // Weak: the slot lives as long as the engine, these only as long as the endpoint's certificate.
        var self = new WeakReference<StapledContexts>(this);
        slot.Changed += Forward;

        void Forward(StapleSlot changed)
        {
            if (self.TryGetTarget(out var contexts))
                contexts.Rebuild(changed);
            else
                changed.Changed -= Forward;
        }
    }

    /// <summary>Whether a context is one of these, so that nobody takes it for an application's.</summary>
    public static bool IsOwn(SslStreamCertificateContext context) => Own.TryGetValue(context, out _);

    /// <summary>The context for a handshake that begins now: one volatile read and one comparison.</summary>
    public SslStreamCertificateContext Select(DateTimeOffset now, out string staple)
    {
        var current = _current;
        if (current is null)
        {
            staple = "none";
            return _plain;
        }

        if (now >= current.ExpiresAt)
        {
            staple = "expired";
            return _plain;
        }

        staple = "stapled";
        return current.Context;
    }

    private void Rebuild(StapleSlot slot)
    {
        lock (_building)
        {
            // Read inside the lock: whoever comes last publishes what is newest.
            var staple = slot.Current;
            try
            {
                _current = staple is null ? null : new Stapled(Build(staple.Encoded.ToArray()), staple.ExpiresAt);
            }
            catch (CryptographicException)
            {
                // The application has disposed of the certificate. No staple is better than the last one, whatever that said.
                _current = null;
            }
        }
    }

    private SslStreamCertificateContext Build(byte[]? staple)
    {
        // Offline, so that this context never fetches by itself.
        var context = SslStreamCertificateContext.Create(_certificate, _intermediates, offline: true, _trust);
        if (_slot.Urls.Count > 0)
            SslContextFields.Write(context, staple, _slot.Urls[0]);
        Own.Add(context, this);
        return context;
    }

    private static readonly ConditionalWeakTable<SslStreamCertificateContext, StapledContexts> Own = [];

    private sealed record Stapled(SslStreamCertificateContext Context, DateTimeOffset ExpiresAt);
}
