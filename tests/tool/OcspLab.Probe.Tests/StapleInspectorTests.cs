using OcspLab.Testing;

namespace OcspLab.Probe.Tests;

public sealed class StapleInspectorTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly TestAuthority Impostor = new();

    [Fact]
    public void A_staple_of_the_trusted_authority_is_good() =>
        Assert.Equal(StapleVerdictKind.Good, Judge(Authority, Authority).Verdict);

    [Fact, Trait("Rule", "V11")]
    public void A_staple_of_a_namesake_that_the_server_sent_along_is_not_believed()
    {
        Assert.Equal(Authority.Certificate.Subject, Impostor.Certificate.Subject);
        Assert.Equal(StapleVerdictKind.Rejected, Judge(Impostor, Impostor).Verdict);
    }

    [Fact]
    public void A_chain_to_nowhere_is_said_so()
    {
        var certificate = new TestAuthority("CN=Nobody knows").Server();
        var handshake = new TlsHandshake("TLSv1.3", "", TimeSpan.Zero, [certificate], [new byte[] { 1 }]);
        Assert.Equal(
            "untrusted_chain",
            StapleInspector.Inspect(handshake, [Authority.Certificate], TestAuthority.Now).Staple.Reason
        );
    }

    // The leaf is the trusted authority's; the certificate sent along and the staple may be another's.
    private static StapleVerdict Judge(TestAuthority sent, TestAuthority stapler)
    {
        var certificate = Authority.Server();
        var staple = stapler.Respond(certificate);
        var handshake = new TlsHandshake("TLSv1.3", "", TimeSpan.Zero, [certificate, sent.Certificate], [staple, null]);
        return StapleInspector.Inspect(handshake, [Authority.Certificate], TestAuthority.Now).Staple;
    }
}
