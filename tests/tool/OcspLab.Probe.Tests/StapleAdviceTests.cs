using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Responses;
using OcspLab.Testing;

namespace OcspLab.Probe.Tests;

public sealed class StapleAdviceTests
{
    private static readonly TestAuthority Authority = new();
    private static readonly Uri Responder = new("http://ocsp.example");

    [Fact]
    public void Without_a_responder_in_the_certificate_there_is_nothing_to_do() =>
        Only("nothing to staple", Authority.Server());

    [Fact]
    public void With_one_and_without_a_staple_somebody_is_to_look() =>
        Only("staples nothing. Is stapling on", Authority.Server(Responder));

    [Fact]
    public void A_certificate_for_another_name_is_refused_whatever_is_stapled()
    {
        var certificate = Authority.Server(Responder);
        var handshake = new TlsHandshake(
            "TLSv1.3",
            "",
            TimeSpan.Zero,
            [certificate, Authority.Certificate],
            [new ReadOnlyMemory<byte>(Authority.Respond(certificate)), null]
        )
        {
            ServerName = "wrong.example",
        };
        Assert.StartsWith(
            "The certificate is not for wrong.example",
            Assert.Single(StapleInspector.Inspect(handshake, [Authority.Certificate], TestAuthority.Now).Advice),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_fresh_good_staple_needs_no_advice()
    {
        var certificate = Authority.Server(Responder);
        Assert.Empty(Advise(certificate, Authority.Respond(certificate)));
    }

    [Fact]
    public void A_staple_near_its_end_was_not_refreshed()
    {
        var certificate = Authority.Server(Responder);
        Only("near its end", certificate, Authority.Respond(certificate, thisUpdate: TestAuthority.Now.AddHours(-23)));
    }

    [Fact]
    public void An_expired_one_is_the_servers_fault()
    {
        var certificate = Authority.Server(Responder);
        Only(
            "past its nextUpdate",
            certificate,
            Authority.Respond(certificate, thisUpdate: TestAuthority.Now.AddDays(-3))
        );
    }

    [Fact]
    public void A_revoked_certificate_is_to_be_replaced()
    {
        var certificate = Authority.Server(Responder);
        Only(
            "Replace it",
            certificate,
            Authority.Respond(certificate, CertStatus.Revoked(TestAuthority.Now.AddDays(-1)))
        );
    }

    [Fact]
    public void A_certificate_that_ends_soon_is_said_so()
    {
        var certificate = Authority.Server(Responder, notAfter: TestAuthority.Now.AddDays(3));
        Only("ends in 3 days", certificate, Authority.Respond(certificate));
    }

    private static void Only(string part, X509Certificate2 certificate, byte[]? staple = null) =>
        Assert.Contains(part, Assert.Single(Advise(certificate, staple)), StringComparison.Ordinal);

    private static IReadOnlyList<string> Advise(X509Certificate2 certificate, byte[]? staple) =>
        StapleInspector
            .Inspect(
                new TlsHandshake(
                    "TLSv1.3",
                    "",
                    TimeSpan.Zero,
                    [certificate, Authority.Certificate],
                    [staple is null ? (ReadOnlyMemory<byte>?)null : new ReadOnlyMemory<byte>(staple), null]
                ),
                [Authority.Certificate],
                TestAuthority.Now
            )
            .Advice;
}
