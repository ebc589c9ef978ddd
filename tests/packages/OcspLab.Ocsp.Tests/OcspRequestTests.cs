using OcspLab.Ocsp.Requests;
using OcspLab.Testing;
using OcspLab.Testing.Forge;

namespace OcspLab.Ocsp.Tests;

public sealed class OcspRequestTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly System.Security.Cryptography.X509Certificates.X509Certificate2 Server = Authority.Server();
    private static readonly CertId Id = OcspSubject
        .FromCertificate(Server, Authority.Certificate)
        .ToCertId(CertIdHash.Sha1);

    [Fact, Trait("Rule", "R10")]
    public void What_is_encoded_is_decoded()
    {
        var request = new OcspRequest { CertIds = [Id, Id], Nonce = new byte[32] };
        Assert.True(OcspRequest.TryDecode(request.Encode(), out var decoded, out var fault), fault?.Detail);
        Assert.Equal(request.CertIds, decoded.CertIds);
        Assert.Equal(32, decoded.Nonce?.Length);
    }

    [Fact, Trait("Rule", "R21")]
    public void The_signature_algorithms_that_a_client_likes_are_read_in_their_order()
    {
        var preferred = new PreferredSignatureAlgorithm[]
        {
            new("1.2.840.10045.4.3.3", "1.2.840.10045.2.1", "1.3.132.0.34"),
            new("1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"),
            new("1.2.840.10045.4.3.2"),
        };
        Assert.True(
            OcspRequest.TryDecode(
                new OcspRequest { CertIds = [Id], PreferredSignatureAlgorithms = preferred }.Encode(),
                out var decoded,
                out var fault
            ),
            fault?.Detail
        );
        Assert.Equal(preferred, decoded.PreferredSignatureAlgorithms);
    }

    [Fact, Trait("Rule", "R4")]
    public void Trailing_bytes_are_refused() =>
        Assert.False(OcspRequest.TryDecode(new byte[] { 0x30, 0x00, 0x00 }, out _, out _));

    [Fact, Trait("Rule", "R4")]
    public void Version_v1_may_be_spelled_out_as_Botans_clients_do() =>
        Assert.Equal([Id], Understood(whole => whole[0].Children!.Insert(0, Version(0))).CertIds);

    [Fact, Trait("Rule", "R4")]
    public void Another_version_is_refused()
    {
        Refused(whole => whole[0].Children!.Insert(0, Version(1)));
        Refused(whole => whole[0].Children!.Insert(0, DerNode.Parse(Convert.FromHexString("A0020500"))));
        Refused(whole => whole[0].Children!.Insert(0, DerNode.Parse(Convert.FromHexString("A006020100020100"))));
    }

    [Fact, Trait("Rule", "R25")]
    public void A_hash_that_is_not_known_names_nobody_that_is_answered_for()
    {
        // SHA-224 (RFC 4055 §2.1).
        var request = Edited(whole => whole[0, 0, 0, 0, 0, 0].Content = Convert.FromHexString("608648016503040204"));
        Assert.False(OcspRequest.TryDecode(request, out _, out var fault));
        Assert.Equal(OcspRequestFaultKind.UnknownHash, fault.Kind);
    }

    private static DerNode Version(byte number) => DerNode.Parse(DerNode.Wrap(0xa0, [0x02, 0x01, number]));

    [Fact, Trait("Rule", "R4")]
    public void An_empty_list_is_refused() =>
        Assert.False(OcspRequest.TryDecode(new byte[] { 0x30, 0x04, 0x30, 0x02, 0x30, 0x00 }, out _, out _));

    [Theory, Trait("Rule", "R34")]
    [InlineData(0)]
    [InlineData(129)]
    public void A_nonce_of_no_or_too_many_octets_is_refused(int length) =>
        Assert.False(
            OcspRequest.TryDecode(new OcspRequest { CertIds = [Id], Nonce = new byte[length] }.Encode(), out _, out _)
        );

    [Theory, Trait("Rule", "R35")]
    [InlineData(1)]
    [InlineData(128)]
    public void A_short_or_long_nonce_is_taken(int length) =>
        Assert.True(
            OcspRequest.TryDecode(new OcspRequest { CertIds = [Id], Nonce = new byte[length] }.Encode(), out _, out _)
        );

    [Theory, Trait("Rule", "R4")]
    [InlineData(LengthForm.Overlong)]
    [InlineData(LengthForm.Indefinite)]
    public void Ber_is_refused(LengthForm form)
    {
        Refused(whole => whole.Length = form);
        Refused(whole => whole[0, 0, 0].Length = form);
    }

    [Fact, Trait("Rule", "R4")]
    public void A_value_too_many_is_refused_on_every_level()
    {
        foreach (
            var path in (int[][])
                [
                    [],
                    [0],
                    [0, 0, 0],
                    [0, 0, 0, 0],
                ]
        )
            Refused(whole => whole[path].Append(DerNode.Primitive(0x05)));
        Refused(whole => whole.Append(DerNode.Parse(DerNode.Wrap(0xa0, Signature, [0x05, 0x00]))));
        Refused(whole => whole[0].Children!.Insert(0, DerNode.Parse(DerNode.Wrap(0xa1, RequestorName, [0x05, 0x00]))));
    }

    [Theory, Trait("Rule", "R4")]
    [InlineData("A0023000")]
    [InlineData("A00630040500 0500")]
    public void A_signature_that_is_none_is_refused(string signature) =>
        Refused(whole =>
            whole.Append(DerNode.Parse(Convert.FromHexString(signature.Replace(" ", "", StringComparison.Ordinal))))
        );

    [Fact, Trait("Rule", "R4")]
    public void A_requestor_that_has_no_name_is_refused() =>
        Refused(whole => whole[0].Children!.Insert(0, DerNode.Parse(Convert.FromHexString("A1020500"))));

    [Fact, Trait("Rule", "R4")]
    public void Too_many_questions_and_too_many_bytes_are_refused()
    {
        Assert.True(
            OcspRequest.TryDecode(new OcspRequest { CertIds = [.. Enumerable.Repeat(Id, 64)] }.Encode(), out _, out _)
        );
        Assert.False(
            OcspRequest.TryDecode(new OcspRequest { CertIds = [.. Enumerable.Repeat(Id, 65)] }.Encode(), out _, out _)
        );
        Assert.False(OcspRequest.TryDecode(new byte[OcspRequest.MaximumLength + 1], out _, out _));
    }

    [Fact, Trait("Rule", "R6")]
    public void An_unknown_extension_is_passed_over_unless_it_is_critical()
    {
        Assert.Equal(
            [Id],
            Understood(whole => whole[0].Append(Extensions(0xa2, ForgedExtension.Unknown(critical: false)))).CertIds
        );
        Assert.Equal(
            [Id],
            Understood(whole =>
                whole[0, 0, 0].Append(Extensions(0xa0, ForgedExtension.Unknown(critical: false)))
            ).CertIds
        );
        Refused(whole => whole[0].Append(Extensions(0xa2, ForgedExtension.Unknown(critical: true))));
        Refused(whole => whole[0, 0, 0].Append(Extensions(0xa0, ForgedExtension.Unknown(critical: true))));
    }

    [Fact, Trait("Rule", "R7")]
    public void A_requestor_name_without_a_signature_is_passed_over() =>
        Assert.Equal(
            [Id],
            Understood(whole => whole[0].Children!.Insert(0, DerNode.Parse(DerNode.Wrap(0xa1, RequestorName)))).CertIds
        );

    [Fact, Trait("Rule", "R8")]
    public void A_signed_request_is_read_like_any_other()
    {
        Assert.Equal([Id], Understood(whole => whole.Append(DerNode.Parse(DerNode.Wrap(0xa0, Signature)))).CertIds);
    }

    private static byte[] Signature =>
        DerNode.Wrap(
            0x30,
            DerNode.Wrap(0x30, Convert.FromHexString("06082A8648CE3D040302")),
            [0x03, 0x03, 0x00, 0x01, 0x02]
        );

    private static byte[] RequestorName => DerNode.Wrap(0xa4, Authority.Certificate.SubjectName.RawData);

    [Fact, Trait("Rule", "R9")]
    public void The_types_of_response_that_a_client_takes_are_read()
    {
        var basic = Convert.FromHexString("06092B0601050507300101");
        var acceptable = new ForgedExtension("1.3.6.1.5.5.7.48.1.4", false, DerNode.Wrap(0x30, basic));
        Assert.Equal(
            ["1.3.6.1.5.5.7.48.1.1"],
            Understood(whole => whole[0].Append(Extensions(0xa2, acceptable))).AcceptableResponses
        );
    }

    [Fact, Trait("Rule", "R36")]
    public void A_nonce_that_is_wrapped_once_only_is_refused() =>
        Refused(whole =>
            whole[0].Append(Extensions(0xa2, ForgedExtension.Nonce(new byte[32]) with { Value = new byte[32] }))
        );

    [Theory, Trait("Rule", "R10")]
    [InlineData(CertIdHash.Sha1, 20)]
    [InlineData(CertIdHash.Sha256, 32)]
    [InlineData(CertIdHash.Sha384, 48)]
    [InlineData(CertIdHash.Sha512, 64)]
    public void Issuers_are_named_by_the_hashes_of_name_and_key_bits(CertIdHash hash, int length)
    {
        var id = OcspSubject.FromCertificate(Server, Authority.Certificate).ToCertId(hash);
        Assert.Equal(length, id.IssuerKeyHash.Length);
        Assert.True(
            id.IssuerKeyHash.Span.SequenceEqual(hash.Digest(Authority.Certificate.PublicKey.EncodedKeyValue.RawData))
        );
        Assert.True(id.IssuerNameHash.Span.SequenceEqual(hash.Digest(Authority.Certificate.SubjectName.RawData)));
        Assert.True(
            OcspRequest.TryDecode(new OcspRequest { CertIds = [id] }.Encode(), out var decoded, out var fault),
            fault?.Detail
        );
        Assert.Equal([id], decoded.CertIds);
    }

    private static OcspRequest Understood(Action<DerNode> edit)
    {
        Assert.True(OcspRequest.TryDecode(Edited(edit), out var request, out var fault), fault?.Detail);
        return request;
    }

    private static void Refused(Action<DerNode> edit)
    {
        Assert.False(OcspRequest.TryDecode(Edited(edit), out _, out var fault));
        Assert.Equal(OcspRequestFaultKind.Malformed, fault.Kind);
    }

    // [0] tbsRequest, [0,0] requestList, [0,0,0] Request, [0,0,0,0] CertID.
    private static byte[] Edited(Action<DerNode> edit)
    {
        var tree = DerNode.Parse(new OcspRequest { CertIds = [Id] }.Encode());
        edit(tree);
        return tree.Encode();
    }

    private static DerNode Extensions(byte tag, params ForgedExtension[] extensions)
    {
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        ForgedExtension.WriteAll(writer, extensions);
        var node = DerNode.Parse(writer.Encode());
        node.Tag = [tag];
        return node;
    }
}
