using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;
using OcspLab.Testing.Forge;

namespace OcspLab.Ocsp.Tests;

public sealed class OcspVerifierTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly X509Certificate2 Server = Authority.Server();

    [Fact, Trait("Rule", "V18"), Trait("Rule", "S15")]
    public void Without_next_update_a_young_response_is_believed_for_a_bounded_time() =>
        Assert.Equal(
            TestAuthority.Now.AddHours(11),
            Accept(Authority.Respond(Server, next: NextUpdate.Absent)).ExpiresAt
        );

    [Fact, Trait("Rule", "V17")]
    public void The_end_of_time_is_a_date_like_any_other()
    {
        var end = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);
        Accept(Authority.Respond(Server, nextUpdate: end));
        Accept(Authority.Respond(Server, signer: Authority.Delegate(notAfter: end)));
        Reject(
            RejectionReason.Expired,
            Authority.Respond(
                Server,
                thisUpdate: DateTimeOffset.MinValue,
                nextUpdate: DateTimeOffset.MinValue,
                producedAt: TestAuthority.Now
            )
        );
    }

    [Fact, Trait("Rule", "V18")]
    public void No_age_and_no_date_is_too_far_off_to_reckon_with()
    {
        var end = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);
        Assert.True(
            Verify(
                    Authority.Respond(Server),
                    new VerificationPolicy { MaximumAge = TimeSpan.MaxValue, AgeWithoutNextUpdate = TimeSpan.MaxValue }
                )
                .TryGetStaple(out _, out _)
        );
        var subject = OcspSubject.FromCertificate(Authority.Server(notAfter: end), Authority.Certificate);
        var response = Authority.Respond(
            Server,
            id: subject.ToCertId(CertIdHash.Sha1),
            thisUpdate: end,
            next: NextUpdate.Absent
        );
        Assert.True(
            OcspVerifier
                .Verify(response, subject, new VerificationPolicy(), end)
                .TryGetStaple(out var staple, out var rejection),
            rejection?.ToString()
        );
        Assert.Equal(end, staple.ExpiresAt);
    }

    [Fact, Trait("Rule", "V29")]
    public void More_than_16_MiB_are_not_looked_at() =>
        Reject(RejectionReason.TooLarge, new byte[OcspResponse.MaximumLength + 1]);

    [Fact, Trait("Rule", "V4")]
    public void A_name_in_another_string_type_is_the_same_issuer()
    {
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("2.5.4.3");
            writer.WriteCharacterString(System.Formats.Asn1.UniversalTagNumber.UTF8String, "Test CA");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256);
        var signer = X509SignatureGenerator.CreateForECDsa(Authority.Certificate.GetECDsaPrivateKey()!);
        using var leaf = request.Create(
            new X500DistinguishedName(writer.Encode()),
            signer,
            TestAuthority.Now.AddDays(-1),
            TestAuthority.Now.AddDays(1),
            [0x41]
        );
        Assert.NotEqual(leaf.IssuerName.RawData, Authority.Certificate.SubjectName.RawData);
        Assert.True(
            Verify(Authority.Respond(leaf), certificate: leaf).TryGetStaple(out _, out var rejection),
            rejection?.ToString()
        );
    }

    [Fact, Trait("Rule", "V28")]
    public void Revoked_carries_time_and_reason()
    {
        var at = TestAuthority.Now.AddDays(-1);
        var status = Accept(Authority.Respond(Server, CertStatus.Revoked(at, RevocationReason.KeyCompromise))).Status;
        Assert.Equal(
            (CertStatusKind.Revoked, at, RevocationReason.KeyCompromise),
            (status.Kind, status.RevokedAt, status.Reason)
        );
    }

    [Fact, Trait("Rule", "V25"), Trait("Rule", "S16")]
    public void A_staple_ends_with_its_signer()
    {
        var end = TestAuthority.Now.AddHours(2);
        Assert.Equal(end, Accept(Authority.Respond(Server, signer: Authority.Delegate(notAfter: end))).ExpiresAt);
    }

    [Fact, Trait("Rule", "V25")]
    public void A_staple_ends_with_its_next_update_and_with_its_issuer()
    {
        Assert.Equal(TestAuthority.Now.AddHours(23), Accept(Authority.Respond(Server)).ExpiresAt);
        var pki = new ForgePki(TestAuthority.Now);
        var issuer = (pki.Authority("CN=Forge CA") with { NotAfter = pki.Now.AddHours(2) }).Sign(pki.Root);
        var server = pki.Of("CN=server").Sign(issuer);
        var response = pki.SignedBy(pki.DelegateForge.Sign(issuer)) with
        {
            Entries =
            [
                ForgedEntry.For(server, issuer) with
                {
                    ThisUpdate = pki.Entry.ThisUpdate,
                    NextUpdate = pki.Entry.NextUpdate,
                },
            ],
        };
        var subject = OcspSubject.FromCertificate(server.Certificate, issuer.Certificate);
        Assert.True(
            OcspVerifier
                .Verify(response.Encode(), subject, new VerificationPolicy(), pki.Now)
                .TryGetStaple(out var staple, out var rejection),
            rejection?.ToString()
        );
        Assert.Equal(pki.Now.AddHours(2), staple.ExpiresAt);
    }

    [Fact]
    public void A_certificate_that_is_only_asked_about_need_not_be_perfect()
    {
        var pki = new ForgePki(TestAuthority.Now);
        var tree = DerNode.Parse(pki.Delegate.Encoded);
        tree[0, 7, 0].Append(tree[0, 7, 0, 0].Copy());
        using var certificate = X509CertificateLoader.LoadCertificate(tree.Encode());
        Assert.True(OcspSubject.TryFromCertificate(certificate, pki.Issuer.Certificate, out _));
        Assert.False(
            OcspVerifier
                .Verify(
                    (pki.Delegated with { Certificates = [certificate.RawData] }).Encode(),
                    pki.Subject,
                    new VerificationPolicy(),
                    pki.Now
                )
                .TryGetStaple(out _, out _)
        );
    }

    private static VerificationResult Verify(
        ReadOnlyMemory<byte> response,
        VerificationPolicy? policy = null,
        X509Certificate2? certificate = null
    ) =>
        OcspVerifier.Verify(
            response,
            OcspSubject.FromCertificate(certificate ?? Server, Authority.Certificate),
            policy ?? new VerificationPolicy(),
            TestAuthority.Now
        );

    private static VerifiedStaple Accept(byte[] response)
    {
        Assert.True(Verify(response).TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        return staple;
    }

    private static void Reject(RejectionReason reason, byte[] response)
    {
        Assert.False(Verify(response).TryGetStaple(out _, out var rejection));
        Assert.Equal(reason, rejection.Reason);
    }
}
