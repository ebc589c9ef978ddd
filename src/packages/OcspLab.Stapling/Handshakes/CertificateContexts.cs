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
    private readonly ConditionalWeakTable<SslStreamCertificateContext, StapledContext> _adopted = [];
    private readonly ConditionalWeakTable<X509Certificate2, StapledContext> _selected = [];
    private readonly AuthorityCopies _authorities = new();
    private readonly Lock _creating = new();

    /// <summary>
    /// The context in the place of an application's own; also for a certificate that cannot be stapled, since the
    /// original would staple what the runtime fetched and nobody verified.
    /// </summary>
    // One of ours comes back where an application keeps the options of its handshakes.
    public StapledContext Of(SslStreamCertificateContext original)
    {
        if (StapledContext.OwnerOf(original) is { } owner)
            return owner.Slot.IsReleased ? GetOrCreate(owner.Certificate, owner.Chain, owner.Trust) : owner;
        if (_adopted.TryGetValue(original, out var known) && !known.Slot.IsReleased)
            return known;
        // SslStream trusts client certificates by the context too: one in its place must keep the list.
        var context = GetOrCreate(
            original.TargetCertificate,
            [.. original.IntermediateCertificates],
            SslContextFields.TrustOf(original)
        );
        _adopted.AddOrUpdate(original, context);
        return context;
    }

    /// <summary>The context of a certificate that came without one.</summary>
    public StapledContext Of(X509Certificate2 certificate, X509Certificate2Collection? chain)
    {
        if (_selected.TryGetValue(certificate, out var known) && !known.Slot.IsReleased)
            return known;
        var context = GetOrCreate(certificate, chain ?? [], null);
        _selected.AddOrUpdate(certificate, context);
        return context;
    }

    // An application that makes its certificate or context anew for each handshake gets the same one each time.
    private StapledContext GetOrCreate(
        X509Certificate2 certificate,
        X509Certificate2Collection chain,
        SslCertificateTrust? trust
    )
    {
        var slot = engine.Add(certificate, chain);
        lock (_creating)
        {
            if (
                slot.Contexts.OfType<StapledContext>().FirstOrDefault(context => context.IsFor(chain, trust)) is
                { } known
            )
                return known;
            var created = new StapledContext(certificate, _authorities.Of(chain), trust, slot);
            if (slot.IsWanted && slot.Current is null && engine.FindPredecessor(slot) is { } before)
                created.Predecessor = before
                    .Contexts.OfType<StapledContext>()
                    .LastOrDefault(context => ReferenceEquals(context.Trust, trust));
            // It has served for as long as there was none better.
            if (created.Predecessor is { } former)
                former.Predecessor = null;
            return created;
        }
    }
}
