using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

public sealed class OcspVerifierTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly TestAuthority Stranger = new("CN=Other CA");
    private static readonly X509Certificate2 Server = Authority.Server();

    [Fact, Trait("Rule", "V15")]
    public void A_response_signed_by_the_issuer_without_certificates_is_accepted() => Assert.Equal(CertStatusKind.Good, Accept(Authority.Respond(Server)).Status.Kind);

    [Fact, Trait("Rule", "V9")]
    public void A_delegate_of_the_issuer_may_sign() => Assert.Equal("CN=delegate", Accept(Authority.Respond(Server, signer: Authority.Delegate())).Signer);

    [Fact, Trait("Rule", "V10")]
    public void A_sibling_without_the_extended_key_usage_may_not_sign() =>
        Reject(RejectionReason.SignerWithoutOcspSigning, Authority.Respond(Server, signer: Authority.Delegate(usage: new Oid("1.3.6.1.5.5.7.3.1"))));

    [Fact, Trait("Rule", "V11")]
    public void Another_authoritys_delegate_may_not_sign() => Reject(RejectionReason.SignerNotAuthorized, Authority.Respond(Server, signer: Stranger.Delegate()));

    [Fact, Trait("Rule", "V12")]
    public void An_expired_delegate_may_not_sign() =>
        Reject(RejectionReason.SignerExpired, Authority.Respond(Server, signer: Authority.Delegate(notAfter: TestAuthority.Now.AddHours(-1))));

    [Fact, Trait("Rule", "V12")]
    public void A_delegate_of_tomorrow_may_not_sign() =>
        Reject(RejectionReason.SignerNotYetValid, Authority.Respond(Server, signer: Authority.Delegate(notBefore: TestAuthority.Now.AddHours(1))));

    [Fact, Trait("Rule", "V12")]
    public void A_delegate_whose_key_may_not_sign_is_refused() =>
        Reject(RejectionReason.SignerKeyUsage, Authority.Respond(Server, signer: Authority.Delegate(keyUsage: X509KeyUsageFlags.CrlSign)));

    [Fact, Trait("Rule", "V4")]
    public void Another_serial_is_no_match() => Reject(RejectionReason.CertIdMismatch, Authority.Respond(Server, id: IdOf(Authority.Server(), Authority)));

    [Fact, Trait("Rule", "V4")]
    public void The_same_serial_of_another_issuer_is_no_match()
    {
        var id = OcspSubject.FromSerial(new System.Numerics.BigInteger(Server.SerialNumberBytes.Span, isBigEndian: true), Stranger.Certificate).ToCertId(CertIdHash.Sha1);
        Reject(RejectionReason.CertIdMismatch, Authority.Respond(Server, id: id));
    }

    [Theory, Trait("Rule", "V4")]
    [InlineData(CertIdHash.Sha1)]
    [InlineData(CertIdHash.Sha256)]
    [InlineData(CertIdHash.Sha384)]
    [InlineData(CertIdHash.Sha512)]
    public void Every_hash_of_a_certificate_id_is_understood(CertIdHash hash) =>
        Assert.Equal(hash, Accept(Authority.Respond(Server, id: OcspSubject.FromCertificate(Server, Authority.Certificate).ToCertId(hash))).CertId.Hash);

    [Fact, Trait("Rule", "V16")]
    public void A_response_from_the_future_is_rejected() => Reject(RejectionReason.NotYetValid, Authority.Respond(Server, thisUpdate: TestAuthority.Now.AddMinutes(6)));

    [Fact, Trait("Rule", "V16")]
    public void A_clock_that_runs_a_little_ahead_is_forgiven() => Accept(Authority.Respond(Server, thisUpdate: TestAuthority.Now.AddMinutes(4)));

    [Fact, Trait("Rule", "V17")]
    public void A_response_past_its_next_update_is_rejected() =>
        Reject(RejectionReason.Expired, Authority.Respond(Server, thisUpdate: TestAuthority.Now.AddDays(-2), nextUpdate: TestAuthority.Now.AddMinutes(-6)));

    [Fact, Trait("Rule", "V18")]
    public void Without_next_update_a_young_response_is_believed_for_a_bounded_time() =>
        Assert.Equal(TestAuthority.Now.AddHours(11), Accept(Authority.Respond(Server, next: NextUpdate.Absent)).ExpiresAt);

    [Fact, Trait("Rule", "V18")]
    public void Without_next_update_an_old_response_is_rejected() =>
        Reject(RejectionReason.TooOld, Authority.Respond(Server, thisUpdate: TestAuthority.Now.AddHours(-13), next: NextUpdate.Absent));

    [Fact, Trait("Rule", "V18")]
    public void Without_next_update_a_strict_policy_rejects() =>
        Reject(RejectionReason.NextUpdateMissing, Authority.Respond(Server, next: NextUpdate.Absent), new VerificationPolicy { MissingNextUpdate = MissingNextUpdate.Reject });

    [Fact, Trait("Rule", "V19")]
    public void A_response_older_than_the_certificate_is_rejected()
    {
        var young = Authority.Server(notBefore: TestAuthority.Now.AddHours(-1));
        Reject(RejectionReason.ProducedOutsideValidity, Authority.Respond(young, producedAt: TestAuthority.Now.AddDays(-2)), certificate: young);
    }

    [Fact, Trait("Rule", "V17")]
    public void The_end_of_time_is_a_date_like_any_other()
    {
        var end = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);
        Accept(Authority.Respond(Server, nextUpdate: end));
        Accept(Authority.Respond(Server, signer: Authority.Delegate(notAfter: end)));
        Reject(RejectionReason.Expired, Authority.Respond(Server, thisUpdate: DateTimeOffset.MinValue, nextUpdate: DateTimeOffset.MinValue, producedAt: TestAuthority.Now));
    }

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
        using var leaf = request.Create(new X500DistinguishedName(writer.Encode()), signer, TestAuthority.Now.AddDays(-1), TestAuthority.Now.AddDays(1), [0x41]);
        Assert.NotEqual(leaf.IssuerName.RawData, Authority.Certificate.SubjectName.RawData);
        Assert.True(Verify(Authority.Respond(leaf), certificate: leaf).TryGetStaple(out _, out var rejection), rejection?.ToString());
    }

    [Fact, Trait("Rule", "V7")]
    public void A_signature_over_other_bytes_is_rejected()
    {
        var response = Authority.Respond(Server);
        response[^1] ^= 1;
        Reject(RejectionReason.BadSignature, response);
    }

    [Theory, Trait("Rule", "V1")]
    [InlineData(OcspResponseStatus.TryLater, RejectionReason.TryLater)]
    [InlineData(OcspResponseStatus.InternalError, RejectionReason.InternalError)]
    [InlineData(OcspResponseStatus.MalformedRequest, RejectionReason.MalformedRequest)]
    [InlineData(OcspResponseStatus.SigRequired, RejectionReason.SigRequired)]
    [InlineData(OcspResponseStatus.Unauthorized, RejectionReason.Unauthorized)]
    public void An_error_response_is_rejected_by_its_name(OcspResponseStatus status, RejectionReason reason) => Reject(reason, OcspResponseBuilder.BuildError(status));

    [Theory, Trait("Rule", "V1")]
    [InlineData(4)]
    [InlineData(7)]
    public void A_status_that_does_not_exist_is_rejected(byte status) => Reject(RejectionReason.UndefinedResponseStatus, [0x30, 0x03, 0x0a, 0x01, status]);

    [Fact, Trait("Rule", "V3")]
    public void Trailing_bytes_are_rejected() => Reject(RejectionReason.Malformed, [.. Authority.Respond(Server), 0]);

    [Fact, Trait("Rule", "V28")]
    public void Revoked_carries_time_and_reason()
    {
        var at = TestAuthority.Now.AddDays(-1);
        var status = Accept(Authority.Respond(Server, CertStatus.Revoked(at, RevocationReason.KeyCompromise))).Status;
        Assert.Equal((CertStatusKind.Revoked, at, RevocationReason.KeyCompromise), (status.Kind, status.RevokedAt, status.Reason));
    }

    [Fact, Trait("Rule", "V25")]
    public void A_staple_ends_with_its_signer()
    {
        var end = TestAuthority.Now.AddHours(2);
        Assert.Equal(end, Accept(Authority.Respond(Server, signer: Authority.Delegate(notAfter: end))).ExpiresAt);
    }

    [Fact, Trait("Rule", "V3")]
    public void Every_truncation_is_rejected_and_none_throws()
    {
        var response = Authority.Respond(Server, signer: Authority.Delegate());
        for (var length = 0; length < response.Length; length++)
            Assert.False(Verify(response.AsMemory(0, length)).TryGetStaple(out _, out _), $"the first {length} bytes");
    }

    [Fact, Trait("Rule", "V7")]
    public void Every_flipped_bit_is_rejected_and_none_throws()
    {
        // Signed by the issuer itself: there is no byte that the signature, or strict DER, does not cover.
        var response = Authority.Respond(Server);
        for (var bit = 0; bit < response.Length * 8; bit++)
        {
            response[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Verify(response).TryGetStaple(out _, out _), $"bit {bit}");
            response[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static CertId IdOf(X509Certificate2 certificate, TestAuthority authority) => OcspSubject.FromCertificate(certificate, authority.Certificate).ToCertId(CertIdHash.Sha1);

    private static VerificationResult Verify(ReadOnlyMemory<byte> response, VerificationPolicy? policy = null, X509Certificate2? certificate = null) =>
        OcspVerifier.Verify(response, OcspSubject.FromCertificate(certificate ?? Server, Authority.Certificate), policy ?? new VerificationPolicy(), TestAuthority.Now);

    private static VerifiedStaple Accept(byte[] response)
    {
        Assert.True(Verify(response).TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        return staple;
    }

    private static void Reject(RejectionReason reason, byte[] response, VerificationPolicy? policy = null, X509Certificate2? certificate = null)
    {
        Assert.False(Verify(response, policy, certificate).TryGetStaple(out _, out var rejection));
        Assert.Equal(reason, rejection.Reason);
    }
}
