using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Signing;
using OcspLab.Testing;

namespace OcspLab.Pki.Tests;

/// <summary>Authorities and signers with another kind of key than what they issue.</summary>
[Trait("Ring", "slow")]
public sealed class AuthorityKeyTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(TestAuthority.Now);

    [Theory]
    [InlineData(KeyAlgorithm.MLDsa44)]
    [InlineData(KeyAlgorithm.SlhDsa128f)]
    public void Authorities_and_signers_have_it_and_servers_have_what_TLS_takes(KeyAlgorithm kind)
    {
        var pki = Pki(kind);
        var certificates = pki.Ensure();
        Assert.All((CertificateFiles[])[pki.Root, pki.Intermediate, pki.OcspSigner, pki.ExpiredSigner], files =>
            Assert.Equal(kind, files.Algorithm)
        );
        Assert.All(certificates, certificate => Assert.Equal(KeyAlgorithm.Ecdsa, certificate.Files.Algorithm));
        using var root = X509CertificateLoader.LoadCertificateFromFile(pki.Root.Certificate);
        using var intermediate = X509CertificateLoader.LoadCertificateFromFile(pki.Intermediate.Certificate);
        using var echo = StoredCertificate.Load(pki.FilesOf("echo"));
        Assert.True(root.IsIssuedBy(root));
        Assert.True(intermediate.IsIssuedBy(root));
        Assert.True(echo.IsIssuedBy(intermediate));
        Assert.True(echo.HasPrivateKey);
        // A responder opens it so.
        using var signer = OcspSigningKey.FromEncryptedPem(
            File.ReadAllText(pki.OcspSigner.Certificate),
            File.ReadAllText(pki.OcspSigner.Key),
            File.ReadLines(pki.OcspSigner.Password).First()
        );
        Assert.Single(signer.Algorithms);
    }

    [Fact]
    public void It_is_kept_without_being_asked_for_again_and_by_what_is_made_anew()
    {
        Pki(KeyAlgorithm.MLDsa44).Ensure();
        Assert.All(Pki(null).Ensure(), certificate => Assert.Equal(Freshness.Kept, certificate.Freshness));
        Assert.All(Pki(null).Replace(), certificate => Assert.Equal(Freshness.New, certificate.Freshness));
        Assert.Equal(KeyAlgorithm.MLDsa44, Pki(null).Root.Algorithm);
        Assert.Equal(KeyAlgorithm.Ecdsa, Pki(null).Issue(new CertificateOrder("echo")).Files.Algorithm);
    }

    [Fact]
    public void To_ask_for_another_replaces_nothing_unless_all_is_replaced()
    {
        Pki(KeyAlgorithm.Ecdsa).Ensure();
        var exception = Assert.Throws<PkiException>(() => Pki(KeyAlgorithm.MLDsa65).Ensure());
        Assert.Contains("pki init --authority-key ml-dsa-65 --force", exception.Message, StringComparison.Ordinal);
        Pki(KeyAlgorithm.MLDsa65).Replace();
        Assert.Equal(KeyAlgorithm.MLDsa65, Pki(null).OcspSigner.Algorithm);
    }

    [Fact]
    public void Every_kind_has_a_name_and_a_name_its_kind() =>
        Assert.Equal(Enum.GetValues<KeyAlgorithm>(), KeyAlgorithms.Names.Select(KeyAlgorithms.FromName));

    public void Dispose() => _folder.Dispose();

    private LabPki Pki(KeyAlgorithm? authority) =>
        new(_folder.Path, new PkiOptions { AuthorityKeyAlgorithm = authority }, _clock);
}
