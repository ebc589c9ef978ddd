using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Sources;
using OcspLab.Testing;
using OcspLab.Testing.Forge;

namespace OcspLab.Responder.Tests;

/// <summary>What the settings change in the answers, over real sockets.</summary>
public sealed class ResponsePolicyTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();
    private readonly X509Certificate2 _server;
    private readonly OcspSubject _subject;
    private readonly OcspSubject _stranger;

    public ResponsePolicyTests()
    {
        _server = _bench.Authority.Server();
        _subject = OcspSubject.FromCertificate(_server, _bench.Authority.Certificate);
        _stranger = OcspSubject.FromSerial(4711, _bench.Authority.Certificate);
    }

    [Fact, Trait("Rule", "R28"), Trait("Rule", "R29")]
    public async Task Never_issued_is_unknown_by_default()
    {
        await StartAsync();
        Assert.Equal(CertStatusKind.Unknown, (await _bench.StapleAsync(_stranger)).Status.Kind);
    }

    [Fact, Trait("Rule", "R29")]
    public async Task Never_issued_is_unauthorized_where_wanted()
    {
        await StartAsync(("NeverIssued", "Unauthorized"));
        using var response = await _bench.PostAsync(ResponderBench.Question(_stranger));
        Assert.Equal(
            [0x30, 0x03, 0x0a, 0x01, 0x06],
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)
        );
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_subject)).Status.Kind);
    }

    [Fact, Trait("Rule", "R30")]
    public async Task Never_issued_is_revoked_with_extended_revoke_where_wanted()
    {
        await StartAsync(("NeverIssued", "Revoked"));
        var answer = (await _bench.AskAsync(ResponderBench.Question(_stranger))).Basic!;
        Assert.Equal(
            CertStatus.Revoked(DateTimeOffset.UnixEpoch, RevocationReason.CertificateHold),
            answer.Responses.Single().Status
        );
        var extension = Assert.Single(answer.Extensions);
        Assert.Equal(("1.3.6.1.5.5.7.48.1.9", false), (extension.Oid, extension.Critical));
        Assert.Equal(CertStatusKind.Revoked, (await _bench.StapleAsync(_stranger)).Status.Kind);
        Assert.Empty((await _bench.AskAsync(ResponderBench.Question(_subject))).Basic!.Extensions);
    }

    [Theory, Trait("Rule", "R42")]
    [InlineData("Unknown")]
    [InlineData("Unauthorized")]
    [InlineData("Revoked")]
    public async Task What_is_issued_now_is_good_now_whatever_was_said_before(string never)
    {
        await StartAsync(("NeverIssued", never));
        await _bench.PostAsync(ResponderBench.Question(_stranger));
        await _bench.Registry.RegisterAsync(
            new RegisteredCertificate("late", "1267", TestAuthority.Now, TestAuthority.Now.AddDays(1)),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_stranger)).Status.Kind);
    }

    [Fact, Trait("Rule", "R31")]
    public async Task An_archive_cutoff_is_the_time_of_signing_less_the_retention()
    {
        await StartAsync(("ArchiveRetention", "2557.00:00:00"));
        var extension = Assert.Single(
            (await _bench.AskAsync(ResponderBench.Question(_subject))).Basic!.Responses.Single().Extensions
        );
        Assert.Equal("1.3.6.1.5.5.7.48.1.6", extension.Oid);
        Assert.Equal(
            TestAuthority.Now.AddDays(-2557),
            new System.Formats.Asn1.AsnReader(
                extension.Value,
                System.Formats.Asn1.AsnEncodingRules.DER
            ).ReadGeneralizedTime()
        );
    }

    [Fact, Trait("Rule", "R24")]
    public async Task Next_update_is_left_out_where_wanted_and_the_answer_not_kept()
    {
        await StartAsync(("NextUpdate", "Omit"));
        using var response = await _bench.PostAsync(ResponderBench.Question(_subject));
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Null((await _bench.StapleAsync(_subject)).NextUpdate);
    }

    [Fact, Trait("Rule", "R15")]
    public async Task The_signer_is_named_by_name_where_wanted_and_its_chain_enclosed()
    {
        File.WriteAllText(_bench.Folder["chain.pem"], _bench.Authority.Certificate.ExportCertificatePem());
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Delegate());
        await StartAsync(
            ("ResponderId", "ByName"),
            ("Authorities:test:Signers:0:Chain", _bench.Folder["chain.pem"]),
            ("Authorities:test:Signers:0:Digest", "Sha384")
        );
        var basic = (await _bench.AskAsync(ResponderBench.Question(_subject))).Basic!;
        Assert.Equal("1.2.840.10045.4.3.3", basic.SignatureAlgorithm);
        Assert.Equal(
            new System.Security.Cryptography.X509Certificates.X500DistinguishedName("CN=delegate").RawData,
            basic.ResponderId.Name!.Value.ToArray()
        );
        // Verified with both certificates in it.
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_subject)).Status.Kind);
        var certificates = DerNode.Parse((await _bench.AskAsync(ResponderBench.Question(_subject))).Encoded)[
            1,
            0,
            1,
            0,
            3,
            0
        ];
        Assert.Equal(_bench.Authority.Certificate.RawData, certificates.Children![1].Encode());
    }

    [Fact, Trait("Rule", "R37")]
    public async Task A_nonce_is_passed_over_where_wanted()
    {
        await StartAsync(("Nonces", "Ignore"));
        var plain = await _bench.AskAsync(ResponderBench.Question(_subject));
        var nonced = await _bench.AskAsync(
            ResponderBench.Question(_subject) with
            {
                Nonce = RandomNumberGenerator.GetBytes(32),
            }
        );
        Assert.Null(nonced.Basic!.Nonce);
        Assert.Equal(plain.Encoded.ToArray(), nonced.Encoded.ToArray());
    }

    [Theory, Trait("Rule", "R33"), Trait("Rule", "R35"), Trait("Rule", "R36"), Trait("Rule", "R40")]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(128)]
    public async Task A_nonce_of_any_allowed_length_is_echoed_in_an_answer_of_its_own(int length)
    {
        await StartAsync();
        var nonce = RandomNumberGenerator.GetBytes(length);
        var request = ResponderBench.Question(_subject) with { Nonce = nonce };
        using var response = await _bench.PostAsync(request);
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Null(response.Headers.ETag);
        Assert.Null(response.Content.Headers.Expires);
        Assert.Equal(nonce, (await _bench.AskAsync(request)).Basic!.Nonce!.Value.ToArray());
    }

    [Theory, Trait("Rule", "R34")]
    [InlineData(0)]
    [InlineData(129)]
    public async Task A_nonce_of_no_or_too_many_octets_is_malformed(int length)
    {
        await StartAsync();
        Assert.Equal(
            OcspResponseStatus.MalformedRequest,
            (await _bench.AskAsync(ResponderBench.Question(_subject) with { Nonce = new byte[length] })).Status
        );
    }

    [Fact, Trait("Rule", "R9")]
    public async Task A_client_that_takes_no_basic_response_gets_none()
    {
        await StartAsync();
        var refused = await _bench.AskAsync(
            ResponderBench.Question(_subject) with
            {
                AcceptableResponses = ["1.3.6.1.4.1.99999.1"],
            }
        );
        Assert.Equal(OcspResponseStatus.Unauthorized, refused.Status);
        Assert.Null(refused.Basic);
        Assert.NotNull(
            (
                await _bench.AskAsync(
                    ResponderBench.Question(_subject) with
                    {
                        AcceptableResponses = ["1.3.6.1.4.1.99999.1", "1.3.6.1.5.5.7.48.1.1"],
                    }
                )
            ).Basic
        );
    }

    [Fact, Trait("Rule", "R21")]
    public async Task The_client_chooses_among_the_keys_that_are_there()
    {
        using var rsa = RsaDelegate();
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Delegate(), rsa);
        await StartAsync();
        Assert.Equal(EcdsaSha256, await SignedByAsync());
        Assert.Equal(RsaSha256, await SignedByAsync(new PreferredSignatureAlgorithm(RsaSha256)));
        Assert.Equal(
            RsaSha512,
            await SignedByAsync(new PreferredSignatureAlgorithm(RsaSha512), new PreferredSignatureAlgorithm(RsaSha256))
        );
        Assert.Equal(
            EcdsaSha256,
            await SignedByAsync(
                new PreferredSignatureAlgorithm(EcdsaSha256),
                new PreferredSignatureAlgorithm(RsaSha256)
            )
        );
        // Neither over SHA-1 nor on a curve that no key here is on.
        Assert.Equal(
            RsaSha256,
            await SignedByAsync(
                new PreferredSignatureAlgorithm("1.2.840.113549.1.1.5"),
                new PreferredSignatureAlgorithm(EcdsaSha256, "1.2.840.10045.2.1", "1.3.132.0.34"),
                new PreferredSignatureAlgorithm(RsaSha256)
            )
        );
        Assert.Equal(EcdsaSha256, await SignedByAsync(new PreferredSignatureAlgorithm("1.2.3.4")));
        // Asked in two ways, kept in two ways.
        Assert.Equal(EcdsaSha256, await SignedByAsync());
        await _bench.Registry.RevokeAsync("server", RevocationReason.Superseded, TestContext.Current.CancellationToken);
        Assert.Equal(
            CertStatusKind.Revoked,
            (
                await _bench.AskAsync(
                    ResponderBench.Question(_subject) with
                    {
                        PreferredSignatureAlgorithms = [new(RsaSha512)],
                    }
                )
            )
                .Basic!.Responses.Single()
                .Status.Kind
        );
    }

    [Theory, Trait("Rule", "R10")]
    [InlineData(CertIdHash.Sha1)]
    [InlineData(CertIdHash.Sha256)]
    [InlineData(CertIdHash.Sha384)]
    [InlineData(CertIdHash.Sha512)]
    public async Task A_certificate_is_found_and_forgotten_by_every_hash(CertIdHash hash)
    {
        await StartAsync();
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(_subject, hash)).Status.Kind);
        await _bench.Registry.RevokeAsync(
            "server",
            RevocationReason.KeyCompromise,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(CertStatusKind.Revoked, (await _bench.StapleAsync(_subject, hash)).Status.Kind);
    }

    [Fact, Trait("Rule", "R41")]
    public async Task A_short_answer_is_renewed_at_half_of_its_life_and_a_long_one_eight_hours_before_its_end()
    {
        await StartAsync(("Validity", "10:00:00"));
        var first = await _bench.StapleAsync(_subject);
        _bench.Clock.Advance(TimeSpan.FromHours(4.9));
        Assert.Equal(first.ProducedAt, (await _bench.StapleAsync(_subject)).ProducedAt);
        _bench.Clock.Advance(TimeSpan.FromHours(0.2));
        Assert.True((await _bench.StapleAsync(_subject)).ProducedAt > first.ProducedAt);

        await using var second = new ResponsePolicyTests();
        await second.StartAsync(("Validity", "1.00:00:00"));
        first = await second._bench.StapleAsync(second._subject);
        second._bench.Clock.Advance(TimeSpan.FromHours(15.9));
        Assert.Equal(first.ProducedAt, (await second._bench.StapleAsync(second._subject)).ProducedAt);
        second._bench.Clock.Advance(TimeSpan.FromHours(0.2));
        Assert.True((await second._bench.StapleAsync(second._subject)).ProducedAt > first.ProducedAt);
    }

    [Fact, Trait("Rule", "R39")]
    public async Task What_a_cache_may_keep_shrinks_as_the_answer_grows_old()
    {
        await StartAsync(("Validity", "10:00:00"));
        Assert.Equal(TimeSpan.FromHours(5), await MaxAgeAsync());
        _bench.Clock.Advance(TimeSpan.FromHours(4));
        Assert.Equal(TimeSpan.FromHours(1), await MaxAgeAsync());

        async Task<TimeSpan?> MaxAgeAsync()
        {
            using var response = await _bench.PostAsync(ResponderBench.Question(_subject));
            Assert.Contains("must-revalidate", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
            return response.Headers.CacheControl.MaxAge;
        }
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private async Task StartAsync(params (string Key, string Value)[] settings)
    {
        foreach (var (key, value) in settings)
            _bench.Settings[key] = value;
        await _bench.StartAsync();
        await _bench.RegisterAsync(_server);
    }

    private async Task<string> SignedByAsync(params PreferredSignatureAlgorithm[] preferred)
    {
        var answer = await _bench.AskAsync(
            ResponderBench.Question(_subject) with
            {
                PreferredSignatureAlgorithms = preferred.Length == 0 ? null : preferred,
            }
        );
        Assert.True(
            OcspVerifier
                .Verify(answer.Encoded, _subject, new VerificationPolicy(), TestAuthority.Now)
                .TryGetStaple(out _, out var rejection),
            rejection?.ToString()
        );
        return answer.Basic!.SignatureAlgorithm;
    }

    private X509Certificate2 RsaDelegate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(
            "CN=rsa delegate",
            key,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        );
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([TestAuthority.OcspSigning], false));
        using var issuerKey = _bench.Authority.Certificate.GetECDsaPrivateKey()!;
        using var certificate = request.Create(
            _bench.Authority.Certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(issuerKey),
            TestAuthority.Now.AddDays(-1),
            TestAuthority.Now.AddDays(60),
            [0x21]
        );
        return certificate.CopyWithPrivateKey(key);
    }

    private const string EcdsaSha256 = "1.2.840.10045.4.3.2";
    private const string RsaSha256 = "1.2.840.113549.1.1.11";
    private const string RsaSha512 = "1.2.840.113549.1.1.13";
}
