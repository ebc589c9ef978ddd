using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Stapling.Refreshing;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// The contexts of every certificate that handshakes have used, by the context or the certificate that they came with.
/// Thread-safe.
/// </summary>
internal sealed class CertificateContexts(StaplingEngine engine)
{
    private readonly ConditionalWeakTable<SslStreamCertificateContext, StapledContexts> _adopted = [];
    private readonly ConditionalWeakTable<X509Certificate2, StapledContexts> _selected = [];
    private readonly Lock _creating = new();

    /// <summary>
    /// The contexts in the place of an application's own; also for a certificate that cannot be stapled, since the
    /// original would staple what the runtime fetched and nobody verified.
    /// </summary>
    // One of ours comes back where an application keeps the options of its handshakes.
    public StapledContexts Of(SslStreamCertificateContext original)
    {
        if (StapledContexts.OwnerOf(original) is { } owner)
            return owner.Slot.IsReleased ? GetOrCreate(owner.Certificate, owner.Chain, owner.Trust) : owner;
        if (_adopted.TryGetValue(original, out var known) && !known.Slot.IsReleased)
            return known;
        // SslStream trusts client certificates by the context too: one in its place must keep the list.
        var contexts = GetOrCreate(
            original.TargetCertificate,
            [.. original.IntermediateCertificates],
            SslContextFields.TrustOf(original)
        );
        _adopted.AddOrUpdate(original, contexts);
        return contexts;
    }

    /// <summary>The contexts of a certificate that came without one.</summary>
    public StapledContexts Of(X509Certificate2 certificate, X509Certificate2Collection? chain)
    {
        if (_selected.TryGetValue(certificate, out var known) && !known.Slot.IsReleased)
            return known;
        var contexts = GetOrCreate(certificate, chain ?? [], null);
        _selected.AddOrUpdate(certificate, contexts);
        return contexts;
    }

    // An application that makes its certificate or context anew for each handshake gets the same ones each time.
    private StapledContexts GetOrCreate(
        X509Certificate2 certificate,
        X509Certificate2Collection chain,
        SslCertificateTrust? trust
    )
    {
        var slot = engine.Add(certificate, chain);
        lock (_creating)
        {
            if (slot.Users.OfType<StapledContexts>().FirstOrDefault(those => those.AreFor(chain, trust)) is { } known)
                return known;
            var contexts = new StapledContexts(certificate, chain, trust, slot);
            if (slot.IsWanted && slot.Current is null && engine.FindPredecessor(slot) is { } before)
                contexts.Predecessor = before
                    .Users.OfType<StapledContexts>()
                    .LastOrDefault(those => ReferenceEquals(those.Trust, trust));
            // It has served for as long as there was none better.
            if (contexts.Predecessor is { } former)
                former.Predecessor = null;
            return contexts;
        }
    }
}
