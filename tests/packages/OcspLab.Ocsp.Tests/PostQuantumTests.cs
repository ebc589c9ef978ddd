using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Signing;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

/// <summary>ML-DSA (RFC 9881) and SLH-DSA (RFC 9909): keys, signatures, and what is not believed of them.</summary>
public sealed class PostQuantumTests
{
    /// <summary>The quick ones of each kind: those that end in s take a second and more for a signature.</summary>
    public static TheoryData<PostQuantumAlgorithm, int> Algorithms =>
        new()
        {
            { PostQuantumAlgorithm.MLDsa44, 2420 },
            { PostQuantumAlgorithm.MLDsa65, 3309 },
            { PostQuantumAlgorithm.MLDsa87, 4627 },
            { PostQuantumAlgorithm.SlhDsaSha2_128f, 17088 },
            { PostQuantumAlgorithm.SlhDsaShake128f, 17088 },
            { PostQuantumAlgorithm.SlhDsaSha2_192f, 35664 },
            { PostQuantumAlgorithm.SlhDsaShake256f, 49856 },
        };

    [Theory, Trait("Ring", "slow"), MemberData(nameof(Algorithms)), Trait("Rule", "V12")]
    public void A_response_of_a_delegate_is_believed_and_a_changed_one_is_not(
        PostQuantumAlgorithm algorithm,
        int signatureLength
    )
    {
        using var authority = new PostQuantumAuthority(algorithm);
        using var signer = authority.Delegate(algorithm);
        var subject = OcspSubject.FromSerial(0x77, authority.Certificate);
        var response = Respond(subject, signer, authority.Certificate);
        Assert.True(Verify(response, subject).TryGetStaple(out var staple, out var rejection), rejection?.ToString());
        Assert.Equal(CertStatusKind.Good, staple.Status.Kind);
        Assert.Equal(signatureLength, CertificateBytes.Of(signer.Certificate).Signature.Length);

        // The last octets are the delegate's certificate; its signature is the authority's.
        var forged = (byte[])response.Clone();
        forged[^1] ^= 1;
        Assert.False(Verify(forged, subject).TryGetStaple(out _, out rejection));
        Assert.Equal(RejectionReason.SignerNotAuthorized, rejection!.Reason);
        // What the response says of the certificate: its signature is the delegate's.
        forged = (byte[])response.Clone();
        forged[response.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x02, 0x01, 0x77]) + 2] ^= 1;
        Assert.False(
            OcspVerifier
                .Verify(
                    forged,
                    OcspSubject.FromSerial(0x76, authority.Certificate),
                    new VerificationPolicy(),
                    TestAuthority.Now
                )
                .TryGetStaple(out _, out rejection)
        );
        Assert.Equal(RejectionReason.BadSignature, rejection!.Reason);
    }

    [Fact]
    public void Authority_and_delegate_may_have_keys_of_different_kinds()
    {
        using var authority = new PostQuantumAuthority(PostQuantumAlgorithm.SlhDsaSha2_128f);
        var subject = OcspSubject.FromSerial(0x77, authority.Certificate);
        using var lattice = authority.Delegate(PostQuantumAlgorithm.MLDsa44);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var classical = new OcspSigningKey(authority.DelegateOf(new PublicKey(curve)), curve);
        foreach (var signer in (OcspSigningKey[])[lattice, classical])
            Assert.True(Verify(Respond(subject, signer, authority.Certificate), subject).TryGetStaple(out _, out _));
    }

    [Fact, Trait("Rule", "V7")]
    public void A_signature_by_another_parameter_set_than_the_keys_is_not_believed()
    {
        using var key = PostQuantumKey.Generate(PostQuantumAlgorithm.MLDsa44);
        var data = "data"u8.ToArray();
        var signature = key.Sign(data);
        var info = key.PublicKey.ExportSubjectPublicKeyInfo();
        Assert.True(Check(PostQuantumAlgorithm.MLDsa44));
        Assert.False(Check(PostQuantumAlgorithm.MLDsa65));
        Assert.False(Check(PostQuantumAlgorithm.SlhDsaSha2_128f));

        bool Check(PostQuantumAlgorithm algorithm) =>
            SignatureVerifier.Verify(SchemeOf(algorithm, [])!, info, data, signature);
    }

    [Theory]
    [InlineData(PostQuantumAlgorithm.MLDsa65)]
    [InlineData(PostQuantumAlgorithm.SlhDsaShake192s)]
    public void Parameters_are_absent_and_not_null(PostQuantumAlgorithm algorithm)
    {
        Assert.NotNull(SchemeOf(algorithm, []));
        Assert.Null(SchemeOf(algorithm, [0x05, 0x00]));
    }

    [Fact]
    public void What_is_hashed_beforehand_is_not_supported()
    {
        // id-hash-ml-dsa-44-with-sha512 (RFC 9881 §8.3) and id-hash-slh-dsa-sha2-128s-with-sha256.
        Assert.Null(SignatureScheme.From(new("2.16.840.1.101.3.4.3.32", default), default));
        Assert.Null(SignatureScheme.From(new("2.16.840.1.101.3.4.3.35", default), default));
    }

    [Theory]
    [InlineData(PostQuantumAlgorithm.MLDsa44)]
    [InlineData(PostQuantumAlgorithm.SlhDsaSha2_128f)]
    public void A_key_goes_to_PEM_and_comes_back(PostQuantumAlgorithm algorithm)
    {
        using var key = PostQuantumKey.Generate(algorithm);
        using var clear = PostQuantumKey.FromPem("# a comment\n" + key.ExportPem());
        using var encrypted = PostQuantumKey.FromEncryptedPem(key.ExportEncryptedPem("secret"), "secret");
        foreach (var same in (PostQuantumKey[])[clear, encrypted])
        {
            Assert.Equal(algorithm, same.Algorithm);
            Assert.Equal(key.PublicKey.EncodedKeyValue.RawData, same.PublicKey.EncodedKeyValue.RawData);
        }

        Assert.InRange(key.ExportPem().Length, 100, 200);
    }

    [Fact]
    public void A_key_that_cannot_be_read_says_why()
    {
        using var key = PostQuantumKey.Generate(PostQuantumAlgorithm.MLDsa44);
        var encrypted = key.ExportEncryptedPem("secret");
        Assert.Throws<CryptographicException>(() => PostQuantumKey.FromEncryptedPem(encrypted, "wrong"));
        Assert.Throws<CryptographicException>(() => PostQuantumKey.FromPem(encrypted));
        Assert.Throws<CryptographicException>(() => PostQuantumKey.FromPem("nothing"));
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Throws<CryptographicException>(() => PostQuantumKey.FromPem(other.ExportPkcs8PrivateKeyPem()));
        foreach (
            var broken in (byte[][])
                [
                    [],
                    [0x30, 0x00],
                    [0x30, 0x03, 0x02, 0x01, 0x00],
                    [0x04],
                ]
        )
        foreach (var label in (string[])["PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
            Assert.Throws<CryptographicException>(() =>
                label == "PRIVATE KEY"
                    ? PostQuantumKey.FromPem(PemEncoding.WriteString(label, broken))
                    : PostQuantumKey.FromEncryptedPem(PemEncoding.WriteString(label, broken), "secret")
            );
    }

    [Fact]
    public void A_signing_key_is_read_from_PEM_whatever_its_kind()
    {
        using var authority = new PostQuantumAuthority(PostQuantumAlgorithm.MLDsa44);
        using var its = OcspSigningKey.FromPem(authority.Certificate.ExportCertificatePem(), authority.KeyPem);
        Assert.Equal(["2.16.840.1.101.3.4.3.17"], its.Algorithms);
        using var another = PostQuantumKey.Generate(PostQuantumAlgorithm.MLDsa44);
        Assert.Throws<ArgumentException>(() =>
            OcspSigningKey.FromPem(authority.Certificate.ExportCertificatePem(), another.ExportPem())
        );
        using var classical = new TestAuthority().Delegate();
        using var ecdsa = classical.GetECDsaPrivateKey()!;
        using var key = OcspSigningKey.FromEncryptedPem(
            classical.ExportCertificatePem(),
            ecdsa.ExportEncryptedPkcs8PrivateKeyPem(
                "secret",
                new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)
            ),
            "secret"
        );
        Assert.Equal("1.2.840.10045.4.3.2", key.Algorithms[0]);
    }

    private static SignatureScheme? SchemeOf(PostQuantumAlgorithm algorithm, byte[] parameters) =>
        SignatureScheme.From(new(PostQuantumAlgorithms.OidOf(algorithm), parameters), default);

    private static byte[] Respond(OcspSubject subject, OcspSigningKey signer, X509Certificate2 issuer) =>
        OcspResponseBuilder.Build(
            [
                new OcspResponseEntry(
                    subject.ToCertId(CertIdHash.Sha256),
                    CertStatus.Good,
                    TestAuthority.Now.AddHours(-1),
                    TestAuthority.Now.AddHours(23)
                ),
            ],
            signer,
            issuer,
            TestAuthority.Now.AddHours(-1)
        );

    private static VerificationResult Verify(byte[] response, OcspSubject subject) =>
        OcspVerifier.Verify(response, subject, new VerificationPolicy(), TestAuthority.Now);
}
