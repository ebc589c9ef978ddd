using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>Who signs: refused when clients would not believe it, replaced while the responder runs.</summary>
public sealed class SignersTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();
    private readonly X509Certificate2 _server;
    private readonly OcspSubject _subject;

    public SignersTests()
    {
        _server = _bench.Authority.Server();
        _subject = OcspSubject.FromCertificate(_server, _bench.Authority.Certificate);
    }

    [Fact, Trait("Rule", "R18")]
    public async Task A_delegate_of_another_authority_does_not_start() =>
        await RefusedAsync(new TestAuthority().Delegate(), "signer_not_authorized");

    [Fact, Trait("Rule", "R18")]
    public async Task A_certificate_without_ocsp_signing_does_not_start() =>
        await RefusedAsync(_bench.Authority.Delegate(new("1.3.6.1.5.5.7.3.1")), "signer_without_ocsp_signing");

    [Fact, Trait("Rule", "R43")]
    public async Task A_delegate_that_may_not_sign_does_not_start() =>
        await RefusedAsync(_bench.Authority.Delegate(keyUsage: X509KeyUsageFlags.KeyEncipherment), "signer_key_usage");

    [Fact, Trait("Rule", "R17")]
    public async Task The_authority_signs_itself_without_enclosing_its_certificate()
    {
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Certificate);
        await StartAsync();
        Assert.Equal("CN=Test CA", (await _bench.StapleAsync(_subject)).Signer);
        Assert.Equal(
            3,
            OcspLab
                .Testing.Forge.DerNode.Parse((await _bench.AskAsync(ResponderBench.Question(_subject))).Encoded)[
                    1,
                    0,
                    1,
                    0
                ]
                .Children!.Count
        );
    }

    [Fact, Trait("Rule", "R43")]
    public async Task No_answer_outlasts_its_signer()
    {
        _bench.Add(
            "test",
            _bench.Authority.Certificate,
            _bench.Authority.Delegate(notAfter: TestAuthority.Now.AddHours(3))
        );
        await StartAsync();
        Assert.Equal(TestAuthority.Now.AddHours(3), (await _bench.StapleAsync(_subject)).NextUpdate);
    }

    [Fact, Trait("Rule", "R43")]
    public async Task No_answer_outlasts_its_issuer()
    {
        var end = TestAuthority.Now.AddHours(5);
        using var issuer = _bench.Authority.Issue(
            "CN=issuer",
            request => request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true)),
            notAfter: end
        );
        using var signer = IssueSigner(issuer, end.AddDays(1));
        _bench.Add("test", issuer, signer);
        await _bench.StartAsync();
        var subject = OcspSubject.FromSerial(0x1267, issuer);
        await _bench.Registry.RegisterAsync(
            new RegisteredCertificate("any", "1267", TestAuthority.Now, end),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(end, (await _bench.StapleAsync(subject)).NextUpdate);
    }

    [Fact, Trait("Rule", "R26"), Trait("Rule", "R43")]
    public async Task Without_a_valid_signer_clients_try_later_and_a_new_one_is_taken_while_the_responder_runs()
    {
        _bench.Add(
            "test",
            _bench.Authority.Certificate,
            _bench.Authority.Delegate(
                notBefore: TestAuthority.Now.AddHours(-1),
                notAfter: TestAuthority.Now.AddHours(3)
            )
        );
        await StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await HealthAsync()).Status);
        Move(TimeSpan.FromHours(4));
        using var response = await _bench.PostAsync(ResponderBench.Question(_subject));
        Assert.Equal(
            [0x30, 0x03, 0x0a, 0x01, 0x03],
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)
        );
        Assert.True(response.Headers.CacheControl!.NoStore);
        var health = await HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Contains("signer_expired", health.Entries["responder"].Description, StringComparison.Ordinal);

        _bench.WriteSigner("test-0.pem", _bench.Authority.Delegate());
        await Poll.UntilAsync(
            async () =>
            {
                Move(TimeSpan.FromSeconds(1));
                return (await _bench.AskAsync(ResponderBench.Question(_subject))).Status
                    == OcspResponseStatus.Successful;
            },
            "the new signer"
        );
        Assert.Equal(HealthStatus.Healthy, (await HealthAsync()).Status);
    }

    [Fact, Trait("Rule", "R43")]
    public async Task Files_that_clients_would_not_believe_are_left_aside()
    {
        await StartAsync();
        var before = await _bench.StapleAsync(_subject);
        _bench.WriteSigner("test-0.pem", new TestAuthority().Delegate());
        await Poll.UntilAsync(
            () =>
            {
                Move(TimeSpan.FromSeconds(1));
                return _bench
                        .Services.GetRequiredService<AuthorityDirectory>()
                        .All[0]
                        .Signers[0]
                        .Refusal?.Contains("signer_not_authorized", StringComparison.Ordinal) == true;
            },
            "the refusal"
        );
        Assert.Equal(before.ResponderId.ToString(), (await _bench.StapleAsync(_subject)).ResponderId.ToString());
        // Their pair is completed a moment later.
        _bench.WriteSigner("test-0.pem", _bench.Authority.Delegate());
        await Poll.UntilAsync(
            async () =>
            {
                Move(TimeSpan.FromSeconds(1));
                return (await _bench.StapleAsync(_subject)).ResponderId.ToString() != before.ResponderId.ToString();
            },
            "the right signer"
        );
    }

    [Fact, Trait("Rule", "R43")]
    public async Task Files_that_are_gone_for_a_moment_change_nothing()
    {
        await StartAsync();
        File.Delete(_bench.Folder["test-0.pem"]);
        await Poll.UntilAsync(
            () =>
            {
                Move(TimeSpan.FromSeconds(1));
                return _bench.Services.GetRequiredService<AuthorityDirectory>().All[0].Signers[0].Refusal is not null;
            },
            "the loss is noticed"
        );
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_subject)).Status.Kind);
        var renewed = _bench.Authority.Delegate();
        _bench.WriteSigner("test-0.pem", renewed);
        await Poll.UntilAsync(
            async () =>
            {
                Move(TimeSpan.FromSeconds(1));
                return (await _bench.Admin.GetStatusAsync(TestContext.Current.CancellationToken))
                        .Authorities[0]
                        .Signers[0]
                        .Thumbprint == renewed.Thumbprint;
            },
            "the new signer"
        );
    }

    [Fact]
    public async Task A_signer_near_its_end_is_degraded()
    {
        _bench.Add(
            "test",
            _bench.Authority.Certificate,
            _bench.Authority.Delegate(notBefore: TestAuthority.Now.AddDays(-30), notAfter: TestAuthority.Now.AddDays(2))
        );
        await StartAsync();
        var health = await HealthAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains(
            "the last signer ends at 2026-06-03",
            health.Entries["responder"].Description,
            StringComparison.Ordinal
        );
    }

    [Fact, Trait("Rule", "R43")]
    public async Task A_second_signer_stands_in_for_one_that_expired()
    {
        _bench.Add(
            "test",
            _bench.Authority.Certificate,
            _bench.Authority.Delegate(notAfter: TestAuthority.Now.AddHours(-1)),
            _bench.Authority.Delegate()
        );
        await StartAsync();
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_subject)).Status.Kind);
        Assert.Equal(HealthStatus.Healthy, (await HealthAsync()).Status);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async Task RefusedAsync(X509Certificate2 signer, string why)
    {
        _bench.Add("test", _bench.Authority.Certificate, signer);
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(StartAsync);
        Assert.Contains(why, fault.Message, StringComparison.Ordinal);
        Assert.Contains("test-0.pem", fault.Message, StringComparison.Ordinal);
    }

    private async Task StartAsync()
    {
        await _bench.StartAsync();
        await _bench.RegisterAsync(_server);
    }

    private void Move(TimeSpan by) => _bench.Clock.Advance(by);

    private Task<HealthReport> HealthAsync() =>
        _bench
            .Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(TestContext.Current.CancellationToken);

    private static X509Certificate2 IssueSigner(X509Certificate2 issuer, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=signer", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([TestAuthority.OcspSigning], false));
        using var issuerKey = issuer.GetECDsaPrivateKey()!;
        using var certificate = request.Create(
            issuer.SubjectName,
            X509SignatureGenerator.CreateForECDsa(issuerKey),
            TestAuthority.Now.AddDays(-1),
            notAfter,
            [0x22]
        );
        return certificate.CopyWithPrivateKey(key);
    }
}
