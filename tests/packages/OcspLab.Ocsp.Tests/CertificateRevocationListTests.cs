using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;
using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

public sealed class CertificateRevocationListTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly byte[] Serial = [0x12, 0x34];

    [Fact]
    public void What_is_revoked_and_since_when_is_read()
    {
        var crl = Decode(
            Build(builder =>
                builder.AddEntry(Serial, TestAuthority.Now.AddDays(-3), X509RevocationReason.KeyCompromise)
            )
        );
        Assert.Equal(
            CertStatus.Revoked(TestAuthority.Now.AddDays(-3), RevocationReason.KeyCompromise),
            crl.StatusOf("1234")
        );
        Assert.Equal(CertStatus.Good, crl.StatusOf("1235"));
        Assert.Equal(
            (TestAuthority.Now, TestAuthority.Now.AddDays(7), 5),
            (crl.ThisUpdate, crl.NextUpdate, (int)crl.Number!)
        );
        Assert.Equal(1, crl.Count);
    }

    [Fact]
    public void An_empty_list_revokes_nothing() => Assert.Equal(0, Decode(Build(_ => { })).Count);

    [Fact]
    public void Another_authoritys_list_is_refused() =>
        Assert.Contains(
            "not signed by",
            Fault(Build(_ => { }), new TestAuthority().Certificate),
            StringComparison.Ordinal
        );

    [Fact]
    public void Every_flipped_bit_is_refused()
    {
        var encoded = Build(builder => builder.AddEntry(Serial));
        for (var bit = 0; bit < encoded.Length * 8; bit++)
        {
            var flipped = encoded.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(
                CertificateRevocationList.TryDecode(flipped, Authority.Certificate, CrlScope.Complete, out _, out _),
                $"bit {bit}"
            );
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var encoded = Build(builder => builder.AddEntry(Serial));
        for (var length = 0; length < encoded.Length; length++)
            Assert.False(
                CertificateRevocationList.TryDecode(
                    encoded.AsMemory(0, length),
                    Authority.Certificate,
                    CrlScope.Complete,
                    out _,
                    out _
                )
            );
    }

    [Theory]
    [InlineData("2.5.29.27", "020101", "delta")]
    [InlineData("2.5.29.28", "30038101ff", "some of the issuer's certificates")]
    [InlineData("2.5.29.28", "30038401ff", "some of the issuer's certificates")]
    [InlineData("1.3.6.1.4.1.99999.1", "0500", "critical extension")]
    public void A_list_that_is_not_about_all_certificates_is_refused(string oid, string value, string why) =>
        Assert.Contains(
            why,
            Fault(Forge(new X509Extension(oid, Convert.FromHexString(value), critical: true))),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_distribution_point_may_be_one_of_several_unless_it_is_said_to_be_the_only_one()
    {
        var list = Forge(
            new X509Extension(
                "2.5.29.28",
                Convert.FromHexString("3014a012a010860e687474703a2f2f63612e746573742f"),
                critical: true
            )
        );
        Assert.Contains("may be one of several", Fault(list), StringComparison.Ordinal);
        Assert.Equal(0, Decode(list, CrlScope.DistributionPoint).Count);
    }

    private static CertificateRevocationList Decode(byte[] encoded, CrlScope scope = CrlScope.Complete)
    {
        Assert.True(
            CertificateRevocationList.TryDecode(encoded, Authority.Certificate, scope, out var crl, out var fault),
            fault
        );
        return crl;
    }

    private static string Fault(byte[] encoded, X509Certificate2? issuer = null)
    {
        Assert.False(
            CertificateRevocationList.TryDecode(
                encoded,
                issuer ?? Authority.Certificate,
                CrlScope.Complete,
                out _,
                out var fault
            )
        );
        return fault;
    }

    private static byte[] Build(Action<CertificateRevocationListBuilder> fill)
    {
        var builder = new CertificateRevocationListBuilder();
        fill(builder);
        return builder.Build(
            Authority.Certificate,
            5,
            TestAuthority.Now.AddDays(7),
            HashAlgorithmName.SHA256,
            thisUpdate: TestAuthority.Now
        );
    }

    // The framework's builder has no extensions of one's own.
    private static byte[] Forge(X509Extension extension)
    {
        var body = new AsnWriter(AsnEncodingRules.DER);
        using (body.PushSequence())
        {
            body.WriteInteger(1);
            WriteAlgorithm(body);
            body.WriteEncodedValue(Authority.Certificate.SubjectName.RawData);
            body.WriteUtcTime(TestAuthority.Now);
            body.WriteUtcTime(TestAuthority.Now.AddDays(7));
            using (body.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (body.PushSequence())
            using (body.PushSequence())
            {
                body.WriteObjectIdentifier(extension.Oid!.Value!);
                body.WriteBoolean(extension.Critical);
                body.WriteOctetString(extension.RawData);
            }
        }

        using var key = Authority.Certificate.GetECDsaPrivateKey()!;
        var list = new AsnWriter(AsnEncodingRules.DER);
        using (list.PushSequence())
        {
            list.WriteEncodedValue(body.Encode());
            WriteAlgorithm(list);
            list.WriteBitString(
                key.SignData(body.Encode(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            );
        }

        return list.Encode();
    }

    private static void WriteAlgorithm(AsnWriter writer)
    {
        using (writer.PushSequence())
            writer.WriteObjectIdentifier("1.2.840.10045.4.3.2");
    }
}
