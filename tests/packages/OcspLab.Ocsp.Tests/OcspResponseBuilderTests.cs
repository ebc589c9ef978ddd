using System.Security.Cryptography;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;
using OcspLab.Ocsp.Signing;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;
using OcspLab.Testing.Forge;

namespace OcspLab.Ocsp.Tests;

/// <summary>What this library signs, read by a decoder that is not its own.</summary>
public sealed class OcspResponseBuilderTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly OcspSubject Subject = OcspSubject.FromCertificate(
        Authority.Server(),
        Authority.Certificate
    );
    private static readonly DateTimeOffset ThisUpdate = TestAuthority.Now.AddMinutes(-10).AddMilliseconds(250);

    [Theory, Trait("Rule", "R5")]
    [InlineData(OcspResponseStatus.MalformedRequest)]
    [InlineData(OcspResponseStatus.InternalError)]
    [InlineData(OcspResponseStatus.TryLater)]
    [InlineData(OcspResponseStatus.SigRequired)]
    [InlineData(OcspResponseStatus.Unauthorized)]
    public void An_error_is_its_status_and_nothing_else(OcspResponseStatus status)
    {
        var whole = DerNode.Parse(OcspResponseBuilder.BuildError(status));
        Assert.Equal([(byte)status], Assert.Single(whole.Children!).Content);
    }

    [Theory, Trait("Rule", "R5")]
    [InlineData((OcspResponseStatus)4)]
    [InlineData(OcspResponseStatus.Successful)]
    public void What_is_no_error_is_not_built_as_one(OcspResponseStatus status) =>
        Assert.Throws<ArgumentException>(() => OcspResponseBuilder.BuildError(status));

    [Fact, Trait("Rule", "R11")]
    public void An_answer_is_a_basic_response_in_der()
    {
        var encoded = Build(Authority.Certificate);
        Assert.Equal(encoded, DerNode.Parse(encoded).Encode());
        Assert.Equal("2B0601050507300101", Convert.ToHexString(DerNode.Parse(encoded)[1, 0, 0].Content));
    }

    [Fact, Trait("Rule", "R12")]
    public void The_version_is_left_out() => Assert.Equal([0xa2], Data(Build(Authority.Certificate))[0].Tag);

    [Fact, Trait("Rule", "R15"), Trait("Rule", "R16")]
    public void The_responder_is_named_by_the_sha1_of_its_key_bits()
    {
        using var signer = Authority.Delegate();
        Assert.Equal(SHA1.HashData(signer.PublicKey.EncodedKeyValue.RawData), Data(Build(signer))[0, 0].Content);
    }

    [Fact, Trait("Rule", "R17")]
    public void A_delegates_certificate_is_enclosed_and_the_issuers_is_not()
    {
        using var signer = Authority.Delegate();
        Assert.Equal(signer.RawData, Assert.Single(Basic(Build(signer))[3, 0].Children!).Encode());
        Assert.Equal(3, Basic(Build(Authority.Certificate)).Children!.Count);
    }

    [Fact, Trait("Rule", "R22"), Trait("Rule", "R23")]
    public void Times_are_whole_seconds_and_each_its_own()
    {
        var data = Data(Build(Authority.Certificate));
        Assert.Equal("20260601120000Z"u8.ToArray(), data[1].Content);
        Assert.Equal("20260601115000Z"u8.ToArray(), data[2, 0, 2].Content);
        Assert.Equal("20260602115000Z"u8.ToArray(), data[2, 0, 3, 0].Content);
    }

    [Fact, Trait("Rule", "R24")]
    public void Next_update_is_left_out_only_where_it_is_not_given() =>
        Assert.Equal(3, Data(Build(Authority.Certificate, NextUpdate.Absent))[2, 0].Children!.Count);

    [Fact, Trait("Rule", "R13"), Trait("Rule", "R14")]
    public void There_is_an_entry_for_each_answer_and_none_more()
    {
        var answers = new[] { Answer(Subject.ToCertId(CertIdHash.Sha1)), Answer(Subject.ToCertId(CertIdHash.Sha256)) };
        Assert.Equal(
            2,
            Data(
                OcspResponseBuilder.Build(
                    answers,
                    new OcspSigningKey(Authority.Certificate),
                    Authority.Certificate,
                    TestAuthority.Now
                )
            )[2].Children!.Count
        );
    }

    [Theory, Trait("Rule", "R44")]
    [InlineData(RevocationReason.Unspecified)]
    [InlineData(RevocationReason.RemoveFromCrl)]
    public void A_reason_that_says_nothing_is_left_out(RevocationReason reason)
    {
        var answer = Answer(Subject.ToCertId(CertIdHash.Sha1)) with
        {
            Status = CertStatus.Revoked(TestAuthority.Now.AddDays(-1), reason),
        };
        var encoded = OcspResponseBuilder.Build(
            [answer],
            new OcspSigningKey(Authority.Certificate),
            Authority.Certificate,
            TestAuthority.Now
        );
        Assert.Single(Data(encoded)[2, 0, 1].Children!);
    }

    [Fact, Trait("Rule", "R44")]
    public void The_reason_stands_in_the_status_and_not_among_the_extensions()
    {
        var answer = Answer(Subject.ToCertId(CertIdHash.Sha1)) with
        {
            Status = CertStatus.Revoked(TestAuthority.Now.AddDays(-1), RevocationReason.Superseded),
        };
        var entry = Data(
            OcspResponseBuilder.Build(
                [answer],
                new OcspSigningKey(Authority.Certificate),
                Authority.Certificate,
                TestAuthority.Now
            )
        )[2, 0];
        Assert.Equal([4], entry[1, 1, 0].Content);
        Assert.Equal(4, entry.Children!.Count);
    }

    [Fact, Trait("Rule", "R36")]
    public void A_nonce_is_an_octet_string_within_an_octet_string()
    {
        var nonce = RandomNumberGenerator.GetBytes(32);
        var encoded = OcspResponseBuilder.Build(
            [Answer(Subject.ToCertId(CertIdHash.Sha1))],
            new OcspSigningKey(Authority.Certificate),
            Authority.Certificate,
            TestAuthority.Now,
            new OcspSigningOptions { Nonce = nonce }
        );
        Assert.Equal(nonce, Data(encoded)[3, 0, 0, 1, 0].Content);
    }

    [Fact, Trait("Rule", "R20")]
    public void Rsa_and_ecdsa_keys_sign_over_sha256()
    {
        Assert.Equal("2A8648CE3D040302", Convert.ToHexString(Basic(Build(Authority.Certificate))[1, 0].Content));
        using var rsa = RSA.Create(2048);
        using var signer = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=rsa",
            rsa,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        ).CreateSelfSigned(TestAuthority.Now.AddDays(-1), TestAuthority.Now.AddDays(1));
        Assert.Equal("2A864886F70D01010B", Convert.ToHexString(Basic(Build(signer))[1, 0].Content));
    }

    [Fact, Trait("Rule", "R21")]
    public void A_key_signs_by_each_of_its_algorithms_and_by_no_other()
    {
        var key = new OcspSigningKey(Authority.Certificate);
        foreach (var algorithm in key.Algorithms)
        {
            var encoded = OcspResponseBuilder.Build(
                [Answer(Subject.ToCertId(CertIdHash.Sha1))],
                key,
                Authority.Certificate,
                TestAuthority.Now,
                new OcspSigningOptions { SignatureAlgorithm = algorithm }
            );
            Assert.True(
                OcspVerifier
                    .Verify(encoded, Subject, new VerificationPolicy(), TestAuthority.Now)
                    .TryGetStaple(out _, out var rejection),
                rejection?.ToString()
            );
            Assert.True(OcspResponse.TryDecode(encoded, out var response, out _));
            Assert.Equal(algorithm, response.Basic!.SignatureAlgorithm);
        }

        Assert.Throws<ArgumentException>(() =>
            OcspResponseBuilder.Build(
                [Answer(Subject.ToCertId(CertIdHash.Sha1))],
                key,
                Authority.Certificate,
                TestAuthority.Now,
                new OcspSigningOptions { SignatureAlgorithm = "1.2.840.113549.1.1.11" }
            )
        );
    }

    [Fact, Trait("Rule", "R31")]
    public void An_archive_cutoff_is_a_time_in_the_entry()
    {
        var answer = Answer(Subject.ToCertId(CertIdHash.Sha1)) with { ArchiveCutoff = TestAuthority.Now.AddYears(-7) };
        var extension = Data(
            OcspResponseBuilder.Build(
                [answer],
                new OcspSigningKey(Authority.Certificate),
                Authority.Certificate,
                TestAuthority.Now
            )
        )[2, 0, 4, 0, 0];
        Assert.Equal("2B0601050507300106", Convert.ToHexString(extension[0].Content));
        Assert.Equal("20190601120000Z"u8.ToArray(), extension[1, 0].Content);
    }

    [Fact, Trait("Rule", "R32")]
    public void A_crl_is_named_by_address_number_and_time()
    {
        var answer = Answer(Subject.ToCertId(CertIdHash.Sha1)) with
        {
            Crl = new CrlReference(new Uri("http://ca.test/1.crl"), 200, TestAuthority.Now),
        };
        var extension = Data(
            OcspResponseBuilder.Build(
                [answer],
                new OcspSigningKey(Authority.Certificate),
                Authority.Certificate,
                TestAuthority.Now
            )
        )[2, 0, 4, 0, 0];
        Assert.Equal("2B0601050507300103", Convert.ToHexString(extension[0].Content));
        Assert.Equal("http://ca.test/1.crl"u8.ToArray(), extension[1, 0, 0, 0].Content);
        Assert.Equal([0x00, 0xc8], extension[1, 0, 1, 0].Content);
        Assert.Equal("20260601120000Z"u8.ToArray(), extension[1, 0, 2, 0].Content);
    }

    [Fact, Trait("Rule", "R30")]
    public void Extended_revoke_is_a_null_in_the_response_and_not_critical()
    {
        var encoded = OcspResponseBuilder.Build(
            [Answer(Subject.ToCertId(CertIdHash.Sha1))],
            new OcspSigningKey(Authority.Certificate),
            Authority.Certificate,
            TestAuthority.Now,
            new OcspSigningOptions { ExtendedRevoke = ExtendedRevoke.Include }
        );
        var extension = Data(encoded)[3, 0, 0];
        Assert.Equal(2, extension.Children!.Count);
        Assert.Equal("2B0601050507300109", Convert.ToHexString(extension[0].Content));
        Assert.Equal([0x05], extension[1, 0].Tag);
    }

    private static byte[] Build(
        System.Security.Cryptography.X509Certificates.X509Certificate2 signer,
        NextUpdate next = NextUpdate.Present
    ) =>
        OcspResponseBuilder.Build(
            [Answer(Subject.ToCertId(CertIdHash.Sha1), next)],
            new OcspSigningKey(signer),
            Authority.Certificate,
            TestAuthority.Now
        );

    private static OcspResponseEntry Answer(CertId id, NextUpdate next = NextUpdate.Present)
    {
        DateTimeOffset? nextUpdate = next == NextUpdate.Present ? ThisUpdate.AddDays(1) : null;
        return new OcspResponseEntry(id, CertStatus.Good, ThisUpdate, nextUpdate);
    }

    private static DerNode Basic(byte[] response) => DerNode.Parse(response)[1, 0, 1, 0];

    private static DerNode Data(byte[] response) => Basic(response)[0];
}
