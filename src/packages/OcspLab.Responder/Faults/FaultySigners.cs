using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Faults;

/// <summary>Those who sign wrong answers: a stranger, made here, and two that only the authority can make.</summary>
internal sealed class FaultySigners(FaultSignerOptions options) : IDisposable
{
    private readonly Lazy<OcspSigningKey> _stranger = new(CreateStranger);
    private readonly Lazy<OcspSigningKey?> _withoutOcspSigning = new(
        () => Load(options.WithoutOcspSigning),
        LazyThreadSafetyMode.PublicationOnly
    );
    private readonly Lazy<OcspSigningKey?> _expired = new(
        () => Load(options.Expired),
        LazyThreadSafetyMode.PublicationOnly
    );

    /// <summary>Whether a fault can be done here: some need a certificate that the authority made for them.</summary>
    public bool Has(FaultKind kind) =>
        kind is not (FaultKind.SignerWithoutOcspSigning or FaultKind.ExpiredSigner) || Find(kind) is not null;

    /// <summary>Who signs under a fault; null for who always does.</summary>
    /// <exception cref="InvalidOperationException">The configured files cannot be used.</exception>
    public OcspSigningKey? Find(FaultKind kind) =>
        kind switch
        {
            FaultKind.WrongSigner => _stranger.Value,
            FaultKind.SignerWithoutOcspSigning => _withoutOcspSigning.Value,
            FaultKind.ExpiredSigner => _expired.Value,
            _ => null,
        };

    public void Dispose()
    {
        foreach (var key in (Lazy<OcspSigningKey?>[])[_stranger!, _withoutOcspSigning, _expired])
        {
            if (key.IsValueCreated)
                key.Value?.Dispose();
        }
    }

    private static OcspSigningKey? Load(SignerOptions? files) => files is null ? null : SignerFiles.Load(files);

    private static OcspSigningKey CreateStranger()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Stranger", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.9")], critical: false)
        );
        return new OcspSigningKey(
            request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero))
        );
    }
}
