using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OcspLab.Lab.Services;
using OcspLab.Pki;
using OcspLab.Testing;

namespace OcspLab.Lab.Tests;

public sealed class SignerRenewalTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact, Trait("Ring", "slow"), Trait("Rule", "R43")]
    public async Task The_ocsp_signer_is_made_anew_with_a_third_of_its_life_left()
    {
        var pki = new LabPki(_folder.Path, new PkiOptions { KeyAlgorithm = KeyAlgorithm.Ecdsa }, _clock);
        pki.Ensure();
        var first = Thumbprint(pki);
        using var renewal = new SignerRenewal(pki, _clock, NullLogger<SignerRenewal>.Instance);
        await renewal.StartAsync(TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromDays(19));
        Assert.Equal(first, Thumbprint(pki));
        await Poll.UntilAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromHours(1));
                return Thumbprint(pki) != first;
            },
            "the new signer"
        );
        using var signer = StoredCertificate.Load(pki.OcspSigner);
        Assert.True(signer.NotAfter.ToUniversalTime() - _clock.GetUtcNow() > TimeSpan.FromDays(20));
        await renewal.StopAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose() => _folder.Dispose();

    private static string Thumbprint(LabPki pki)
    {
        using var signer = X509CertificateLoader.LoadCertificateFromFile(pki.OcspSigner.Certificate);
        return signer.Thumbprint;
    }
}
