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

    /// <summary>
    /// The contexts in the place of an application's own; also for a certificate that cannot be stapled, since the
    /// original would staple what the runtime fetched and nobody verified.
    /// </summary>
    // One of ours comes back where an application keeps the options of its handshakes.
    public StapledContexts Of(SslStreamCertificateContext original) =>
        StapledContexts.OwnerOf(original)
        ?? (_adopted.TryGetValue(original, out var contexts) ? contexts : _adopted.GetValue(original, Adopt));

    /// <summary>The contexts of a certificate that came without one.</summary>
    public StapledContexts Of(X509Certificate2 certificate, X509Certificate2Collection? chain) =>
        _selected.TryGetValue(certificate, out var contexts)
            ? contexts
            : _selected.GetValue(certificate, selected => Create(selected, chain ?? [], null));

    // SslStream trusts client certificates by the context too: one in its place must keep the list.
    private StapledContexts Adopt(SslStreamCertificateContext original) =>
        Create(original.TargetCertificate, [.. original.IntermediateCertificates], SslContextFields.TrustOf(original));

    private StapledContexts Create(
        X509Certificate2 certificate,
        X509Certificate2Collection chain,
        SslCertificateTrust? trust
    ) => new(certificate, chain, trust, engine.Add(certificate, chain));
}
