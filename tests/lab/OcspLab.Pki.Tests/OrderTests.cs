using Microsoft.Extensions.Time.Testing;
using OcspLab.Testing;

namespace OcspLab.Pki.Tests;

/// <summary>An authority that makes what is ordered, and nothing else.</summary>
[Trait("Ring", "slow")]
public sealed class OrderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_ordered_is_made_once_and_nothing_besides()
    {
        CertificateOrder[] orders = [Shop("shop.test", "localhost"), new("bob") { Kind = CertificateKind.Person }];
        Assert.All(Pki().Ensure(orders), certificate => Assert.Equal(Freshness.New, certificate.Freshness));
        Assert.Equal(["bob", "shop"], Pki().List().Select(certificate => certificate.Name).Order());
        Assert.All(Pki().Ensure(orders), certificate => Assert.Equal(Freshness.Kept, certificate.Freshness));
    }

    [Fact]
    public void One_that_is_ordered_otherwise_is_issued_anew_by_the_same_root()
    {
        var first = Assert.Single(Pki().Ensure([Shop("shop.test")]));
        var root = File.ReadAllText(Pki().Root.Certificate);
        var others = new[]
        {
            (Pki(), Shop("shop.test", "www.shop.test")),
            (Pki(), Shop("shop.test") with { Kind = CertificateKind.MustStapleSite }),
            (Pki(new Uri("http://127.0.0.1:1")), Shop("shop.test")),
        };
        foreach (var (pki, order) in others)
        {
            var again = Assert.Single(pki.Ensure([order]));
            Assert.Equal(Freshness.New, again.Freshness);
            Assert.NotEqual(first.SerialNumber, again.SerialNumber);
            Assert.Equal(Freshness.Kept, Assert.Single(pki.Ensure([order])).Freshness);
        }

        Assert.Equal(root, File.ReadAllText(Pki().Root.Certificate));
    }

    [Fact]
    public void One_that_nears_its_end_is_issued_anew()
    {
        Pki().Ensure([Shop("shop.test")]);
        _clock.Advance(TimeSpan.FromDays(61));
        Assert.Equal(Freshness.New, Assert.Single(Pki().Ensure([Shop("shop.test")])).Freshness);
    }

    [Fact]
    public void The_signer_is_replaced_at_will()
    {
        Pki().Ensure([]);
        var former = File.ReadAllText(Pki().OcspSigner.Certificate);
        Assert.False(Pki().RenewOcspSigner());
        Pki().ReplaceOcspSigner();
        Assert.NotEqual(former, File.ReadAllText(Pki().OcspSigner.Certificate));
    }

    private static CertificateOrder Shop(params string[] hosts) =>
        new("shop") { Kind = CertificateKind.Site, HostNames = hosts };

    private LabPki Pki(Uri? responder = null) =>
        new(
            _folder.Path,
            new PkiOptions
            {
                KeyAlgorithm = KeyAlgorithm.Ecdsa,
                OcspUrl = responder ?? new Uri("http://ocsp.shop.test:8888"),
            },
            _clock
        );
}
