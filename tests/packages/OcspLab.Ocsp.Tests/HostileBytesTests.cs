using CsCheck;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Testing.Forge;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Ocsp;

namespace OcspLab.Ocsp.Tests;

/// <summary>
/// Bytes from someone who means harm: nothing throws, nothing that was not signed is believed. CsCheck's own variable
/// <c>CsCheck_Iter</c> makes the run as long as one likes.
/// </summary>
[Trait("Ring", "slow")]
public sealed class HostileBytesTests
{
    private static readonly ForgePki Pki = new(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
    private static readonly ForgedKey QuickKey = ForgedKey.Ed25519();
    private static readonly ForgedCertificate QuickIssuer = Pki.Authority("CN=Forge CA", QuickKey).Sign(Pki.Root);
    private static readonly OcspSubject Subject = Pki.Subject;
    private static readonly OcspSubject QuickSubject = OcspSubject.FromCertificate(
        Pki.Server.Certificate,
        QuickIssuer.Certificate
    );

    private static readonly ForgedResponse Rich = Pki.Delegated with
    {
        Entries =
        [
            Pki.Entry with
            {
                Serial = [0x2a],
                Status = ForgedEntry.Unknown,
            },
            Pki.Entry with
            {
                Extensions = [ForgedExtension.Unknown(critical: false)],
            },
            Pki.Entry with
            {
                Serial = [0x2b],
                Status = ForgedEntry.Revoked(Pki.Now.AddDays(-1), 1),
            },
        ],
        Extensions = [ForgedExtension.Nonce(new byte[32])],
        Certificates = [Pki.Issuer.Encoded, Pki.Delegate.Encoded],
    };

    private static readonly Gen<Mutation[]> Mutations = Gen.Select(
        Gen.Int[0, (int)MutationKind.LeaveOpen],
        Gen.Int[0, 1 << 20],
        Gen.Byte.Array[0, 24],
        (kind, target, octets) => new Mutation((MutationKind)kind, target, octets)
    ).Array[1, 4];

    [Theory, Trait("Rule", "V3")]
    [InlineData(Base.SignedByIssuer)]
    [InlineData(Base.SignedByDelegate)]
    public void Every_truncation_of_a_response_is_rejected(Base kind)
    {
        var response = Encode(kind);
        Assert.True(Verify(response, Subject).TryGetStaple(out _, out _));
        for (var length = 0; length < response.Length; length++)
            Assert.False(
                Verify(response.AsMemory(0, length), Subject).TryGetStaple(out _, out _),
                $"the first {length} bytes"
            );
    }

    [Theory, Trait("Rule", "V7")]
    [InlineData(Base.SignedByIssuer)]
    [InlineData(Base.SignedByDelegate)]
    public void Every_flipped_bit_of_a_response_is_rejected(Base kind)
    {
        var response = Encode(kind);
        for (var bit = 0; bit < response.Length * 8; bit++)
        {
            response[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Verify(response, Subject).TryGetStaple(out _, out _), $"bit {bit}");
            response[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact, Trait("Rule", "V3")]
    public void Random_bytes_are_rejected() =>
        Gen
            .Byte.Array[0, 4096]
            .Sample(
                bytes =>
                    !Verify(bytes, Subject).TryGetStaple(out _, out _) && !OcspRequest.TryDecode(bytes, out _, out _),
                iter: Iterations
            );

    [Theory, Trait("Rule", "V7")]
    [InlineData(Base.SignedByIssuer)]
    [InlineData(Base.SignedByDelegate)]
    [InlineData(Base.WithEverything)]
    public void Whatever_is_believed_after_mutations_still_carries_the_signed_bytes(Base kind)
    {
        var original = Encode(kind);
        var signedBytes = (
            kind == Base.WithEverything ? Rich
            : kind == Base.SignedByDelegate ? Pki.Delegated
            : Pki.Good
        ).EncodeSigned();
        Mutations.Sample(
            mutations =>
                !Verify(Mutate(original, mutations), Subject).TryGetStaple(out var staple, out _)
                || staple.Encoded.Span.IndexOf(signedBytes) >= 0,
            iter: Iterations
        );
    }

    [Fact, Trait("Rule", "V4")]
    public void Whatever_is_believed_of_mutations_that_were_signed_is_what_another_decoder_reads()
    {
        var template = Rich with
        {
            Signer = QuickIssuer,
            Certificates = null,
            Entries = [.. Rich.Entries.Select(entry => Named(entry))],
        };
        var responseData = template.EncodeSigned();
        Assert.True(Verify(template.Encode(), QuickSubject).TryGetStaple(out _, out _));
        Mutations.Sample(
            mutations =>
            {
                var response = template.Wrap(Mutate(responseData, mutations));
                return !Verify(response, QuickSubject).TryGetStaple(out var staple, out _) || Agrees(staple, response);
            },
            iter: Iterations
        );
    }

    [Fact, Trait("Rule", "V12")]
    public void Whatever_delegate_is_believed_of_mutations_that_were_certified_is_one()
    {
        var template = Pki.SignedBy((Pki.DelegateForge with { Key = ForgedKey.Ed25519() }).Sign(QuickIssuer)) with
        {
            Entries = [Named(Pki.Entry)],
        };
        var certificate = DerNode.Parse(template.Signer.Encoded);
        var tbs = certificate[0].Encode();
        Assert.True(Verify(template.Encode(), QuickSubject).TryGetStaple(out _, out _));
        Mutations.Sample(
            mutations =>
            {
                var mutated = Mutate(tbs, mutations);
                var encoded = DerNode.Wrap(
                    0x30,
                    mutated,
                    certificate[1].Encode(),
                    DerNode.Wrap(0x03, [0], QuickKey.Sign(mutated))
                );
                return !Verify((template with { Certificates = [encoded] }).Encode(), QuickSubject)
                        .TryGetStaple(out _, out _) || IsDelegate(mutated);
            },
            iter: Iterations
        );
    }

    [Fact, Trait("Rule", "R4")]
    public void Every_truncation_and_flipped_bit_of_a_request_is_refused_or_asks_something_else()
    {
        var request = Request().Encode();
        for (var length = 0; length < request.Length; length++)
            Assert.False(OcspRequest.TryDecode(request.AsMemory(0, length), out _, out _), $"the first {length} bytes");
        for (var bit = 0; bit < request.Length * 8; bit++)
        {
            var flipped = (byte[])request.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(
                OcspRequest.TryDecode(flipped, out var decoded, out _) && Same(decoded, Request()),
                $"bit {bit}"
            );
        }
    }

    [Fact, Trait("Rule", "R4")]
    public void Whatever_request_is_understood_after_mutations_is_understood_the_same_when_sent_on()
    {
        var original = Request().Encode();
        Mutations.Sample(
            mutations =>
                !OcspRequest.TryDecode(Mutate(original, mutations), out var request, out _)
                || (OcspRequest.TryDecode(request.Encode(), out var again, out _) && Same(again, request)),
            iter: Iterations
        );
    }

    public enum Base
    {
        SignedByIssuer,
        SignedByDelegate,
        WithEverything,
    }

    private static long Iterations => Math.Max(Check.Iter, 2000);

    private static byte[] Encode(Base kind) =>
        kind switch
        {
            Base.SignedByIssuer => Pki.Good.Encode(),
            Base.SignedByDelegate => Pki.Delegated.Encode(),
            _ => Rich.Encode(),
        };

    private static ForgedEntry Named(ForgedEntry entry)
    {
        var names = ForgedEntry.For(Pki.Server, QuickIssuer);
        return entry with { NameHash = names.NameHash, KeyHash = names.KeyHash };
    }

    private static byte[] Mutate(byte[] encoded, Mutation[] mutations)
    {
        var tree = DerNode.Parse(encoded);
        foreach (var mutation in mutations)
            mutation.Apply(tree);
        return tree.Encode();
    }

    private static VerificationResult Verify(ReadOnlyMemory<byte> response, OcspSubject subject) =>
        OcspVerifier.Verify(response, subject, new VerificationPolicy(), Pki.Now);

    // BouncyCastle knows nothing of this library's decoder. Of several entries for the certificate the worst counts.
    private static bool Agrees(VerifiedStaple staple, byte[] response)
    {
        var basic = (BasicOcspResp)new OcspResp(response).GetResponseObject();
        var entries = basic.Responses.Where(single => Names(single.GetCertID(), staple.CertId)).ToArray();
        return entries.Max(Kind) == staple.Status.Kind
            && entries.Any(single =>
                Kind(single) == staple.Status.Kind
                && single.ThisUpdate == staple.ThisUpdate.UtcDateTime
                && single.NextUpdate == staple.NextUpdate?.UtcDateTime
            );
    }

    // By whichever hash: the mutations leave SHA-1 and its own certificate's hashes, or it is not an entry about it.
    private static bool Names(CertificateID id, CertId expected) =>
        id.SerialNumber.Equals(new Org.BouncyCastle.Math.BigInteger(expected.SerialNumber.ToArray()))
        && id.GetIssuerKeyHash().AsSpan().SequenceEqual(expected.IssuerKeyHash.Span)
        && id.GetIssuerNameHash().AsSpan().SequenceEqual(expected.IssuerNameHash.Span);

    // Read by BouncyCastle: the purpose, the key usage, the issuer's name and the validity that a delegate needs. It
    // refuses fields that have no bearing on a delegate and are not looked at here, such as a mutated unique
    // identifier: then there is nothing to compare.
    private static bool IsDelegate(byte[] tbs)
    {
        TbsCertificateStructure certificate;
        try
        {
            certificate = TbsCertificateStructure.GetInstance(Asn1Object.FromByteArray(tbs));
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or ArgumentException or IOException or Asn1Exception)
        {
            return true;
        }

        var extensions = certificate.Extensions;
        var usage = extensions.GetExtensionParsedValue(X509Extensions.KeyUsage);
        return ExtendedKeyUsage
                .GetInstance(extensions.GetExtensionParsedValue(X509Extensions.ExtendedKeyUsage))
                .HasKeyPurposeId(KeyPurposeID.id_kp_OCSPSigning)
            && (
                usage is null
                || (KeyUsage.GetInstance(usage).IntValue & (KeyUsage.DigitalSignature | KeyUsage.NonRepudiation)) != 0
            )
            && string.Equals(certificate.Issuer.ToString(), QuickIssuer.Name, StringComparison.OrdinalIgnoreCase)
            && certificate.EndDate.ToDateTime() > Pki.Now.UtcDateTime.AddMinutes(-6)
            && certificate.StartDate.ToDateTime() < Pki.Now.UtcDateTime.AddMinutes(6);
    }

    private static CertStatusKind Kind(SingleResp single) =>
        single.GetCertStatus() switch
        {
            null => CertStatusKind.Good,
            RevokedStatus => CertStatusKind.Revoked,
            _ => CertStatusKind.Unknown,
        };

    private static OcspRequest Request() =>
        new()
        {
            CertIds = [Subject.ToCertId(CertIdHash.Sha1), Subject.ToCertId(CertIdHash.Sha256)],
            Nonce = new byte[32],
        };

    private static bool Same(OcspRequest left, OcspRequest right) =>
        left.CertIds.SequenceEqual(right.CertIds)
        && (left.Nonce ?? default).Span.SequenceEqual((right.Nonce ?? default).Span);
}
