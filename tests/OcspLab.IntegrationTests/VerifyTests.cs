using System.Text.Json;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab verify</c> as scripts call it.</summary>
public sealed class VerifyTests : IDisposable
{
    private static readonly TestAuthority Authority = new();
    private static readonly System.Security.Cryptography.X509Certificates.X509Certificate2 Server = Authority.Server();

    private readonly TempFolder _folder = new();

    public VerifyTests()
    {
        File.WriteAllText(_folder["issuer.pem"], Authority.Certificate.ExportCertificatePem());
        File.WriteAllBytes(_folder["server.der"], Server.RawData);
        File.WriteAllBytes(_folder["good.der"], Authority.Respond(Server));
        File.WriteAllText(
            _folder["good.pem"],
            "-----BEGIN OCSP RESPONSE-----\n"
                + Convert.ToBase64String(Authority.Respond(Server), Base64FormattingOptions.InsertLineBreaks)
                + "\n-----END OCSP RESPONSE-----\n"
        );
        File.WriteAllText(
            _folder["good.b64"],
            Convert.ToBase64String(Authority.Respond(Server), Base64FormattingOptions.InsertLineBreaks)
        );
        File.WriteAllBytes(
            _folder["revoked.der"],
            Authority.Respond(
                Server,
                CertStatus.Revoked(TestAuthority.Now.AddHours(-2), RevocationReason.KeyCompromise)
            )
        );
        File.WriteAllBytes(_folder["unknown.der"], Authority.Respond(Server, CertStatus.Unknown));
        File.WriteAllBytes(_folder["tryLater.der"], OcspResponseBuilder.BuildError(OcspResponseStatus.TryLater));
        File.WriteAllText(_folder["page.html"], "<html>");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("good.der", 0, "good", null)]
    [InlineData("good.pem", 0, "good", null)]
    [InlineData("good.b64", 0, "good", null)]
    [InlineData("revoked.der", 1, "revoked", null)]
    [InlineData("unknown.der", 2, "unknown", null)]
    [InlineData("tryLater.der", 3, "rejected", "try_later")]
    [InlineData("page.html", 3, "rejected", "malformed")]
    public async Task Verdict_reason_and_exit_code_agree(string file, int exitCode, string verdict, string? reason)
    {
        var result = await Programs.OcspLabAsync(
            "verify",
            "--response",
            _folder[file],
            "--issuer",
            _folder["issuer.pem"],
            "--at",
            "2026-06-01T12:00:00Z",
            "--json"
        );
        Assert.True(result.ExitCode == exitCode, result.Error + result.Output);
        using var json = JsonDocument.Parse(result.Output);
        Assert.Equal(verdict, json.RootElement.GetProperty("verdict").GetString());
        Assert.Equal(reason, json.RootElement.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task The_certificate_or_its_serial_decides()
    {
        string[] common =
        [
            "verify",
            "--response",
            _folder["good.der"],
            "--issuer",
            _folder["issuer.pem"],
            "--at",
            "2026-06-01T12:00:00Z",
        ];
        Assert.Equal(0, (await Programs.OcspLabAsync([.. common, "--cert", _folder["server.der"]])).ExitCode);
        Assert.Equal(0, (await Programs.OcspLabAsync([.. common, "--serial", Server.SerialNumber])).ExitCode);
        var other = await Programs.OcspLabAsync([.. common, "--serial", "0x1234"]);
        Assert.Equal(3, other.ExitCode);
        Assert.Contains("cert_id_mismatch", other.Output, StringComparison.Ordinal);
        Assert.Equal(
            64,
            (await Programs.OcspLabAsync([.. common, "--serial", "1234", "--cert", _folder["server.der"]])).ExitCode
        );
    }

    [Theory]
    [InlineData("abc", "--skew is a duration")]
    [InlineData("2.00:00:00", "--skew is at most a day")]
    public async Task An_allowance_for_clocks_that_is_none_is_refused(string value, string word)
    {
        var result = await Programs.OcspLabAsync(
            "verify",
            "--response",
            _folder["good.der"],
            "--issuer",
            _folder["issuer.pem"],
            "--skew",
            value
        );
        Assert.Equal(64, result.ExitCode);
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_age_can_be_bounded()
    {
        var result = await Programs.OcspLabAsync(
            "verify",
            "--response",
            _folder["good.der"],
            "--issuer",
            _folder["issuer.pem"],
            "--at",
            "2026-06-01T12:00:00Z",
            "--max-age",
            "00:10:00"
        );
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("too_old", result.Output, StringComparison.Ordinal);
    }
}
