using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using OcspLab.Ocsp.Certificates;
using OcspLab.Testing;

namespace OcspLab.Pki.Tests;

[Trait("Ring", "slow")]
public sealed class LabPkiTests : IDisposable
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow;

    // RSA keys take their time: made once, and copied for each test.
    private static readonly TempFolder Template = new();
    private static readonly IReadOnlyList<IssuedCertificate> Made = new LabPki(
        Template.Path,
        new PkiOptions(),
        new FakeTimeProvider(Start)
    ).Ensure();

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(Start);

    public LabPkiTests()
    {
        Assert.Equal(LabPki.WellKnownNames, Made.Select(certificate => certificate.Name));
        foreach (var file in Directory.GetFiles(Template.Path, "*", SearchOption.AllDirectories))
        {
            var copy = _folder[Path.GetRelativePath(Template.Path, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Everything_stands_where_the_article_has_it()
    {
        string[] files =
        [
            "root_ca/CA/rsa_ca.crt",
            "root_ca/private/rsa_ca_encrypted.key",
            "intermediate_ca/CA/rsa_ca.crt",
            "ocsp/rsa_ocsp.crt",
            "user_certs/echo/rsa_echo.crt",
            "user_certs/echo/private/rsa_echo_encrypted.key",
            "user_certs/echo/private/password.txt",
            "user_certs/echo/fullchain.pem",
            "user_certs/alice/rsa_alice.crt",
            "ca-chain.pem",
        ];
        Assert.All(files, file => Assert.True(File.Exists(_folder[file]), file));
    }

    [Fact]
    public void Doing_it_again_changes_nothing()
    {
        var before = Contents();
        Assert.All(Pki().Ensure(), certificate => Assert.Equal(Freshness.Kept, certificate.Freshness));
        Assert.Equal(before, Contents());
        Assert.All(Made, certificate => Assert.Equal(Freshness.New, certificate.Freshness));
    }

    [Fact]
    public void Every_secret_is_its_owners_alone()
    {
        var secrets = Directory
            .GetFiles(_folder.Path, "*.key", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(_folder.Path, "password.txt", SearchOption.AllDirectories))
            .ToArray();
        Assert.Equal(16, secrets.Length);
        Assert.All(secrets, OwnerOnly.Check);
        Assert.All(secrets.Where(file => file.EndsWith(".key", StringComparison.Ordinal)), file =>
            Assert.Contains("ENCRYPTED PRIVATE KEY", File.ReadAllText(file), StringComparison.Ordinal)
        );
    }

    [Fact]
    public void What_has_aged_is_made_again_and_the_rest_is_kept()
    {
        _clock.Advance(TimeSpan.FromDays(25));
        var signer = File.ReadAllText(_folder["ocsp/rsa_ocsp.crt"]);
        Assert.All(Pki().Ensure(), certificate => Assert.Equal(Freshness.Kept, certificate.Freshness));
        Assert.NotEqual(signer, File.ReadAllText(_folder["ocsp/rsa_ocsp.crt"]));
        _clock.Advance(TimeSpan.FromDays(60));
        Assert.All(Pki().Ensure(), certificate => Assert.Equal(Freshness.New, certificate.Freshness));
    }

    [Theory]
    [InlineData(CertificateKind.Site, "1.3.6.1.5.5.7.3.1", false)]
    [InlineData(CertificateKind.MustStapleSite, "1.3.6.1.5.5.7.3.1", true)]
    [InlineData(CertificateKind.Person, "1.3.6.1.5.5.7.3.2", false)]
    public void What_is_made_anew_is_for_what_it_was(CertificateKind kind, string usage, bool mustStaple)
    {
        Pki().Issue(new CertificateOrder("other") { Kind = kind });
        Ecdsa().Replace();
        using var certificate = StoredCertificate.Load(Pki().FilesOf("other"));
        Assert.NotNull(certificate.GetECDsaPrivateKey());
        Assert.Equal(
            usage,
            certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages[0].Value
        );
        Assert.Equal(mustStaple, certificate.Extensions["1.3.6.1.5.5.7.1.24"] is not null);
    }

    [Fact]
    public void A_new_authority_issues_everything_anew()
    {
        File.Delete(_folder["intermediate_ca/CA/rsa_ca.crt"]);
        Assert.All(Pki().Ensure(), certificate => Assert.Equal(Freshness.New, certificate.Freshness));
    }

    [Fact]
    public void Another_responder_url_issues_the_certificates_anew()
    {
        var moved = new PkiOptions { OcspUrl = new Uri("http://ocsp.servicelab.com:18888") };
        Assert.All(new LabPki(_folder.Path, moved, _clock).Ensure(), certificate =>
            Assert.Equal(Freshness.New, certificate.Freshness)
        );
    }

    [Fact]
    public void A_certificate_with_another_kind_of_key_leaves_everything_else_as_it_was()
    {
        var before = Contents();
        Ecdsa().Issue(new CertificateOrder("shop") { HostNames = ["shop.test"] });
        Assert.All(before, file => Assert.Equal(file.Value, Contents()[file.Key]));
        using var shop = StoredCertificate.Load(Pki().FilesOf("shop"));
        Assert.NotNull(shop.GetECDsaPrivateKey());
        Assert.All(Pki().Ensure(), certificate => Assert.Equal(Freshness.Kept, certificate.Freshness));
    }

    [Fact]
    public void A_certificate_that_is_issued_anew_may_get_another_kind_of_key()
    {
        Ecdsa().Issue(new CertificateOrder("echo"));
        Assert.Equal(KeyAlgorithm.Ecdsa, Pki().FilesOf("echo").Algorithm);
        Assert.False(File.Exists(_folder["user_certs/echo/rsa_echo.crt"]));
    }

    [Fact]
    public void To_ask_for_other_keys_replaces_nothing()
    {
        var before = Contents();
        var exception = Assert.Throws<PkiException>(() => Ecdsa().Ensure());
        Assert.Contains("pki init --key ecdsa --force", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public void Replacing_makes_all_of_it_anew()
    {
        Assert.All(Pki().Replace(), certificate => Assert.Equal(Freshness.New, certificate.Freshness));
        using var former = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Template.Path, Root));
        using var current = X509CertificateLoader.LoadCertificateFromFile(_folder[Root]);
        Assert.NotEqual(former.Thumbprint, current.Thumbprint);
    }

    [Fact]
    public void A_site_has_the_names_that_were_ordered_and_keeps_them()
    {
        Pki().Issue(new CertificateOrder("shop") { HostNames = ["shop.test", "*.shop.test", "10.0.0.7"] });
        Assert.Equal(Freshness.New, Pki().Replace().Single(certificate => certificate.Name == "shop").Freshness);
        using var shop = StoredCertificate.Load(Pki().FilesOf("shop"));
        Assert.True(shop.MatchesHostname("shop.test"));
        Assert.True(shop.MatchesHostname("www.shop.test"));
        Assert.True(shop.MatchesHostname("10.0.0.7"));
        Assert.False(shop.MatchesHostname("echocert.lab"));
    }

    [Fact]
    public void What_somebody_had_issued_is_never_renewed_unasked()
    {
        Pki().Issue(new CertificateOrder("shop") { HostNames = ["shop.test"] });
        _clock.Advance(TimeSpan.FromDays(85));
        var moved = new PkiOptions { OcspUrl = new Uri("http://ocsp.servicelab.com:18888") };
        var certificates = new LabPki(_folder.Path, moved, _clock).Ensure();
        Assert.Equal(Freshness.Kept, certificates.Single(certificate => certificate.Name == "shop").Freshness);
        Assert.Equal(Freshness.New, certificates.Single(certificate => certificate.Name == "echo").Freshness);
    }

    [Fact]
    public void A_folder_without_a_certificate_stops_nobody()
    {
        Directory.CreateDirectory(_folder["user_certs/shop/private"]);
        Assert.Equal(LabPki.WellKnownNames, Pki().Ensure().Select(certificate => certificate.Name));
    }

    [Fact]
    public void A_new_certificate_must_say_what_it_is_for() =>
        Assert.Contains(
            "--dns",
            Assert.Throws<PkiException>(() => Pki().Issue(new CertificateOrder("shop"))).Message,
            StringComparison.Ordinal
        );

    [Fact, Trait("Rule", "R43")]
    public void The_ocsp_signer_can_sign_responses_and_nothing_else()
    {
        using var signer = X509CertificateLoader.LoadCertificateFromFile(_folder["ocsp/rsa_ocsp.crt"]);
        Assert.Equal(
            ["1.3.6.1.5.5.7.3.9"],
            signer
                .Extensions.OfType<X509EnhancedKeyUsageExtension>()
                .Single()
                .EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>()
                .Select(oid => oid.Value)
        );
        Assert.Equal(
            X509KeyUsageFlags.DigitalSignature,
            signer.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages
        );
        Assert.Equal([0x05, 0x00], signer.Extensions["1.3.6.1.5.5.7.48.1.5"]!.RawData);
    }

    [Fact, Trait("Rule", "S27")]
    public void Only_the_must_staple_certificate_asks_for_a_staple()
    {
        using var plain = X509CertificateLoader.LoadCertificateFromFile(_folder["user_certs/echo/rsa_echo.crt"]);
        using var strict = X509CertificateLoader.LoadCertificateFromFile(
            _folder["user_certs/echo-must-staple/rsa_echo_must_staple.crt"]
        );
        Assert.False(plain.IsMustStaple());
        Assert.True(strict.IsMustStaple());
        Assert.Equal(
            "http://ocsp.servicelab.com:8888",
            plain.Extensions.OfType<X509AuthorityInformationAccessExtension>().Single().EnumerateOcspUris().Single()
        );
    }

    [Fact, Trait("Ring", "program")]
    public async Task Openssl_finds_the_chain_whole()
    {
        var result = await Tool.RunInAsync(
            _folder.Path,
            "openssl",
            "verify",
            "-x509_strict",
            "-CAfile",
            "root_ca/CA/rsa_ca.crt",
            "-untrusted",
            "intermediate_ca/CA/rsa_ca.crt",
            "user_certs/echo/rsa_echo.crt",
            "ocsp/rsa_ocsp.crt",
            "user_certs/alice/rsa_alice.crt"
        );
        Assert.True(result.ExitCode == 0, result.Error);
    }

    [Fact]
    public void A_wrong_password_is_told_with_both_files()
    {
        var files = Pki().FilesOf("echo");
        File.WriteAllText(files.Password, "wrong\n");
        var exception = Assert.Throws<PkiException>(() => StoredCertificate.Load(files));
        Assert.Contains(files.Key, exception.Message, StringComparison.Ordinal);
        Assert.Contains(files.Password, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_certificate_is_told_and_kept()
    {
        var path = Pki().FilesOf("echo").Certificate;
        File.WriteAllText(path, "not a certificate");
        Assert.Contains(path, Assert.Throws<PkiException>(() => Pki().Ensure()).Message, StringComparison.Ordinal);
        Assert.Equal("not a certificate", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("../echo")]
    [InlineData("Echo")]
    [InlineData("")]
    [InlineData("a/b")]
    public void A_name_that_would_leave_the_folder_is_refused(string name) =>
        Assert.Throws<PkiException>(() => Pki().Issue(new CertificateOrder(name)));

    private const string Root = "root_ca/CA/rsa_ca.crt";

    private LabPki Ecdsa() => new(_folder.Path, new PkiOptions { KeyAlgorithm = KeyAlgorithm.Ecdsa }, _clock);

    private LabPki Pki() => new(_folder.Path, new PkiOptions(), _clock);

    private Dictionary<string, string> Contents() =>
        Directory
            .GetFiles(_folder.Path, "*", SearchOption.AllDirectories)
            .ToDictionary(
                file => file,
                file =>
                    File.GetLastWriteTimeUtc(file)
                    + File.ReadAllText(file)[..Math.Min(64, (int)new FileInfo(file).Length)]
            )
            .Where(file => !file.Key.EndsWith("ca-chain.pem", StringComparison.Ordinal))
            .ToDictionary();
}
