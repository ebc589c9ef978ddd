using OcspLab.Testing;

namespace OcspLab.Ocsp.Tests;

public sealed class OcspRequestTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly CertId Id = OcspSubject.FromCertificate(Authority.Server(), Authority.Certificate).ToCertId(CertIdHash.Sha1);

    [Fact, Trait("Rule", "R10")]
    public void What_is_encoded_is_decoded()
    {
        var request = new OcspRequest { CertIds = [Id, Id], Nonce = new byte[32] };
        Assert.True(OcspRequest.TryDecode(request.Encode(), out var decoded, out var fault), fault);
        Assert.Equal(request.CertIds, decoded.CertIds);
        Assert.Equal(32, decoded.Nonce?.Length);
    }

    [Fact, Trait("Rule", "R4")]
    public void Trailing_bytes_are_refused() => Assert.False(OcspRequest.TryDecode(new byte[] { 0x30, 0x00, 0x00 }, out _, out _));

    [Fact, Trait("Rule", "R4")]
    public void An_empty_list_is_refused() => Assert.False(OcspRequest.TryDecode(new byte[] { 0x30, 0x04, 0x30, 0x02, 0x30, 0x00 }, out _, out _));

    [Theory, Trait("Rule", "R34")]
    [InlineData(0)]
    [InlineData(129)]
    public void A_nonce_of_no_or_too_many_octets_is_refused(int length) =>
        Assert.False(OcspRequest.TryDecode(new OcspRequest { CertIds = [Id], Nonce = new byte[length] }.Encode(), out _, out _));

    [Theory, Trait("Rule", "R35")]
    [InlineData(1)]
    [InlineData(128)]
    public void A_short_or_long_nonce_is_taken(int length) =>
        Assert.True(OcspRequest.TryDecode(new OcspRequest { CertIds = [Id], Nonce = new byte[length] }.Encode(), out _, out _));

    [Fact, Trait("Rule", "R4")]
    public void No_truncation_and_no_flipped_bit_throws()
    {
        var request = new OcspRequest { CertIds = [Id], Nonce = new byte[32] }.Encode();
        for (var length = 0; length < request.Length; length++)
            Assert.False(OcspRequest.TryDecode(request.AsMemory(0, length), out _, out _), $"the first {length} bytes");
        for (var bit = 0; bit < request.Length * 8; bit++)
        {
            request[bit / 8] ^= (byte)(1 << (bit % 8));
            OcspRequest.TryDecode(request, out _, out _);
            request[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }
}
