using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OcspLab.Keep.Keeping;
using OcspLab.Keep.Outputs;
using OcspLab.Keep.Reloading;
using OcspLab.Keep.Settings;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Keep.Tests;

/// <summary>What servers find in the files, whatever happens to certificate and staple.</summary>
public sealed class KeptCertificateTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(TestAuthority.Now);
    private readonly TestAuthority _authority = new();
    private readonly ScriptedStapler _stapler = new();
    private readonly KeepOptions _options = new();
    private readonly KeptCertificateOptions _settings;
    private readonly X509Certificate2 _certificate;
    private Reloader? _reloader;
    private bool _isKeptElsewhere;
    private KeptCertificate? _kept;

    public KeptCertificateTests()
    {
        _settings = new KeptCertificateOptions
        {
            Certificate = _folder["fullchain.pem"],
            StapleFile = _folder["staple.der"],
            NginxInclude = _folder["staple.conf"],
        };
        _certificate = _authority.Server();
        Write(_certificate);
    }

    [Fact]
    public async Task A_staple_is_given_and_one_reload_is_wanted_for_it()
    {
        _stapler.Hold(_certificate, null, RefreshOutcome.Failed);
        await StepAsync();
        Assert.False(File.Exists(_settings.StapleFile));
        Assert.DoesNotContain("ssl_stapling", File.ReadAllText(_settings.NginxInclude!), StringComparison.Ordinal);
        var staple = Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        Assert.Equal(staple.Encoded.ToArray(), File.ReadAllBytes(_settings.StapleFile!));
        Assert.Contains(
            $"ssl_stapling_file \"{_settings.StapleFile}\"",
            File.ReadAllText(_settings.NginxInclude!),
            StringComparison.Ordinal
        );
        await ReloadAsync(times: 1);
        await StepAsync();
        await ReloadAsync(times: 1);
    }

    [Fact, Trait("Rule", "S9")]
    public async Task What_lies_there_stays_until_there_is_something_newer()
    {
        var newer = Response(_certificate, TestAuthority.Now.AddMinutes(-5));
        File.WriteAllBytes(_settings.StapleFile!, newer);
        await StepAsync();
        Assert.Equal(newer, File.ReadAllBytes(_settings.StapleFile!));
        Hold(_certificate, TestAuthority.Now.AddHours(-2));
        await StepAsync();
        Assert.Equal(newer, File.ReadAllBytes(_settings.StapleFile!));
        var newest = Hold(_certificate, TestAuthority.Now.AddMinutes(-1));
        await StepAsync();
        Assert.Equal(newest.Encoded.ToArray(), File.ReadAllBytes(_settings.StapleFile!));
    }

    [Fact]
    public async Task What_somebody_has_deleted_is_put_back_within_a_minute()
    {
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        File.Delete(_settings.StapleFile!);
        await StepAsync();
        Assert.False(File.Exists(_settings.StapleFile));
        _clock.Advance(TimeSpan.FromSeconds(61));
        await StepAsync();
        Assert.True(File.Exists(_settings.StapleFile));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("expired")]
    [InlineData("another's")]
    public async Task What_lies_there_and_does_not_verify_is_taken_away(string what)
    {
        File.WriteAllBytes(
            _settings.StapleFile!,
            what switch
            {
                "garbage" => [0x30, 0x03, 0x0a, 0x01, 0x03],
                "expired" => Response(_certificate, TestAuthority.Now.AddDays(-3)),
                _ => Response(_authority.Server(), TestAuthority.Now.AddHours(-1)),
            }
        );
        // Not before the first look is over: it may be that the issuer is not known yet.
        await StepAsync();
        Assert.True(File.Exists(_settings.StapleFile));
        _stapler.Hold(_certificate, null, RefreshOutcome.Failed);
        await StepAsync();
        Assert.False(File.Exists(_settings.StapleFile));
    }

    [Fact, Trait("Rule", "S6")]
    public async Task A_staple_is_taken_away_before_it_expires()
    {
        var staple = Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        _clock.SetUtcNow(staple.ExpiresAt.AddSeconds(-20));
        await StepAsync();
        Assert.True(File.Exists(_settings.StapleFile));
        _clock.SetUtcNow(staple.ExpiresAt.AddSeconds(-10));
        await StepAsync();
        Assert.False(File.Exists(_settings.StapleFile));
        Assert.DoesNotContain("ssl_stapling", File.ReadAllText(_settings.NginxInclude!), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RevokedStaple.Give, true)]
    [InlineData(RevokedStaple.Withhold, false)]
    public async Task Revoked_is_given_or_withheld_and_told_once(RevokedStaple policy, bool isThere)
    {
        _settings.Revoked = policy;
        _settings.OnRevoked = $"echo \"$OCSPLAB_NAME\" >> '{_folder["told"]}'";
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        Hold(
            _certificate,
            TestAuthority.Now,
            CertStatus.Revoked(TestAuthority.Now.AddMinutes(-1), RevocationReason.Superseded)
        );
        await StepAsync();
        await StepAsync();
        await _kept!.Told;
        Assert.Equal(isThere, File.Exists(_settings.StapleFile));
        Assert.Equal(["site"], File.ReadAllLines(_folder["told"]));
    }

    [Fact, Trait("Rule", "S42")]
    public async Task A_renewed_certificate_comes_into_force_with_its_staple_and_nobody_starts_with_the_old_one()
    {
        var old = Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        await ReloadAsync(times: 1);
        var renewed = _authority.Server();
        Write(renewed);
        await StepAsync();
        // Whoever starts now reads the new certificate, and no staple about the old one.
        Assert.DoesNotContain("ssl_stapling", File.ReadAllText(_settings.NginxInclude!), StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromMinutes(10));
        await StepAsync();
        await ReloadAsync(times: 1);
        var its = Hold(renewed, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        Assert.Equal(its.Encoded.ToArray(), File.ReadAllBytes(_settings.StapleFile!));
        Assert.NotEqual(old.Encoded.ToArray(), its.Encoded.ToArray());
        await ReloadAsync(times: 2);
        Assert.Equal([ScriptedStapler.KeyOf(_certificate)], _stapler.Released);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task Reloads_wait_while_a_server_would_find_the_new_certificate_without_its_staple()
    {
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        Assert.False(_kept!.IsInBetween);
        var renewed = _authority.Server();
        Write(renewed);
        // Before anybody has looked.
        Assert.True(_kept.IsInBetween);
        await StepAsync();
        Assert.True(_kept.IsInBetween);
        Hold(renewed, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        Assert.False(_kept.IsInBetween);
        // Not for ever.
        Write(_authority.Server());
        await StepAsync();
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.False(_kept.IsInBetween);
    }

    [Fact]
    public async Task One_without_a_staple_comes_into_force_when_patience_ends()
    {
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        await ReloadAsync(times: 1);
        Write(_authority.Server());
        await StepAsync();
        _clock.Advance(_options.RenewalPatience);
        await StepAsync();
        await ReloadAsync(times: 2);
        Assert.False(File.Exists(_settings.StapleFile));
    }

    [Fact, Trait("Rule", "S6")]
    public async Task Nor_does_the_staple_of_the_former_one_expire_in_the_server_meanwhile()
    {
        var old = Hold(_certificate, TestAuthority.Now.AddHours(-1).AddDays(-1).AddHours(1.5));
        await StepAsync();
        await ReloadAsync(times: 1);
        Write(_authority.Server());
        await StepAsync();
        await ReloadAsync(times: 1);
        _clock.SetUtcNow(old.ExpiresAt.AddSeconds(-10));
        await StepAsync();
        await ReloadAsync(times: 2);
    }

    [Fact, Trait("Rule", "S10")]
    public async Task A_file_that_cannot_be_written_keeps_nobody_from_learning_of_a_revocation()
    {
        _settings.OnRevoked = $"echo \"$OCSPLAB_NAME\" >> '{_folder["told"]}'";
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        File.Delete(_settings.StapleFile!);
        Directory.CreateDirectory(Path.Combine(_settings.StapleFile!, "in the way"));
        Hold(
            _certificate,
            TestAuthority.Now,
            CertStatus.Revoked(TestAuthority.Now.AddMinutes(-1), RevocationReason.Superseded)
        );
        await StepAsync();
        await _kept!.Told;
        Assert.NotNull(_kept.Fault);
        Assert.Equal(CertStatusKind.Revoked, _kept.Given?.Status.Kind);
        Assert.Equal(["site"], File.ReadAllLines(_folder["told"]));
        Directory.Delete(_settings.StapleFile!, recursive: true);
        await StepAsync();
        Assert.Null(_kept.Fault);
        Assert.True(File.Exists(_settings.StapleFile));
    }

    [Fact]
    public async Task The_reload_for_a_renewed_certificate_finds_its_staple_written()
    {
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        await ReloadAsync(times: 1);
        var renewed = _authority.Server();
        Write(renewed);
        await StepAsync();
        Hold(renewed, TestAuthority.Now.AddHours(-1));
        // It cannot be written at first.
        File.Delete(_settings.StapleFile!);
        Directory.CreateDirectory(Path.Combine(_settings.StapleFile!, "in the way"));
        await StepAsync();
        await ReloadAsync(times: 1);
        Directory.Delete(_settings.StapleFile!, recursive: true);
        await StepAsync();
        await ReloadAsync(times: 2);
    }

    [Fact, Trait("Rule", "S10")]
    public async Task HAProxy_is_reloaded_when_there_is_nothing_to_staple_any_more()
    {
        _settings.HaproxySocket = _folder["none.sock"];
        _settings.NginxInclude = null;
        _settings.Revoked = RevokedStaple.Withhold;
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        Assert.Contains("cannot be reached", _kept!.Fault, StringComparison.Ordinal);
        Hold(
            _certificate,
            TestAuthority.Now,
            CertStatus.Revoked(TestAuthority.Now.AddMinutes(-1), RevocationReason.Superseded)
        );
        await StepAsync();
        await ReloadAsync(times: 1);
        Assert.False(File.Exists(_settings.StapleFile));
    }

    [Fact]
    public async Task What_the_engine_has_let_go_of_is_prepared_again_and_the_file_stays()
    {
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        _stapler.Release(_certificate);
        await StepAsync();
        Assert.True(File.Exists(_settings.StapleFile));
        Assert.Single(_stapler.Staples);
    }

    [Fact]
    public async Task One_that_another_server_has_too_is_not_let_go_of()
    {
        _isKeptElsewhere = true;
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        _kept!.Leave();
        Assert.Empty(_stapler.Released);
    }

    [Fact]
    public async Task A_chain_that_is_complete_only_a_moment_later_is_told_to_the_engine()
    {
        File.WriteAllText(_settings.Certificate, _certificate.ExportCertificatePem());
        await StepAsync();
        Write(_certificate);
        await StepAsync();
        Assert.Equal(2, _stapler.Prepared[^1]);
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_read_is_told_and_changes_nothing()
    {
        Hold(_certificate, TestAuthority.Now.AddHours(-1));
        await StepAsync();
        File.WriteAllText(_settings.Certificate, "-----BEGIN CERT");
        await StepAsync();
        Assert.Contains("no certificate in PEM", _kept!.Fault, StringComparison.Ordinal);
        Assert.True(File.Exists(_settings.StapleFile));
        Write(_certificate);
        await StepAsync();
        Assert.Null(_kept.Fault);
    }

    public void Dispose()
    {
        _kept?.Dispose();
        _folder.Dispose();
    }

    private async Task StepAsync()
    {
        _reloader ??= new Reloader($"echo x >> '{_folder["reloads"]}'", _options, _clock, NullLogger.Instance);
        _kept ??= new KeptCertificate(
            "site",
            _settings,
            _options,
            _stapler,
            new StapleDelivery(
                "site",
                _settings,
                _reloader,
                _settings.HaproxySocket is { } address ? new HaproxySocket(address, _clock) : null,
                _clock,
                NullLogger.Instance
            ),
            _ => _isKeptElsewhere,
            _clock,
            NullLogger.Instance
        );
        await _kept.StepAsync(
            _stapler.Staples.ToDictionary(status => status.Thumbprint),
            TestContext.Current.CancellationToken
        );
    }

    private async Task ReloadAsync(int times)
    {
        _clock.Advance(_options.ReloadInterval);
        await _reloader!.StepAsync(TestContext.Current.CancellationToken);
        Assert.Equal(times, File.ReadAllLines(_folder["reloads"]).Length);
    }

    private void Write(X509Certificate2 certificate) =>
        File.WriteAllText(
            _settings.Certificate,
            certificate.ExportCertificatePem() + "\n" + _authority.Certificate.ExportCertificatePem() + "\n"
        );

    private byte[] Response(X509Certificate2 certificate, DateTimeOffset thisUpdate, CertStatus? status = null) =>
        _authority.Respond(certificate, status, thisUpdate);

    private VerifiedStaple Hold(X509Certificate2 certificate, DateTimeOffset thisUpdate, CertStatus? status = null)
    {
        Assert.True(
            OcspVerifier
                .Verify(
                    Response(certificate, thisUpdate, status),
                    OcspSubject.FromCertificate(certificate, _authority.Certificate),
                    new VerificationPolicy(),
                    _clock.GetUtcNow()
                )
                .TryGetStaple(out var staple, out var rejection),
            rejection?.ToString()
        );
        _stapler.Hold(certificate, staple);
        return staple;
    }
}
