using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>Certificates that promise a staple in each handshake (RFC 7633).</summary>
public sealed class MustStapleTests : SiteBench
{
    [Fact, Trait("Rule", "S27")]
    public async Task Without_a_staple_the_handshake_is_refused()
    {
        Responder.Script = ScriptedServer.Send(() => "<html>"u8.ToArray(), "text/html");
        await using var app = await StartWithAsync(MustStaplePolicy.Refuse);
        await Assert.ThrowsAsync<ProbeException>(() => StapleAsync(app));
    }

    [Fact, Trait("Rule", "S27")]
    public async Task Without_a_staple_the_handshake_goes_on_where_that_is_the_policy()
    {
        Responder.Script = ScriptedServer.Send(() => "<html>"u8.ToArray(), "text/html");
        await using var app = await StartWithAsync(MustStaplePolicy.Serve);
        Assert.Equal(StapleVerdictKind.Absent, await StapleAsync(app));
    }

    [Fact, Trait("Rule", "S27")]
    public async Task With_a_staple_it_is_served_and_once_that_has_expired_refused()
    {
        using var certificate = MustStaple();
        Responder.Script = ScriptedServer.Send(() => Authority.Respond(certificate));
        await using var app = await StartWithAsync(MustStaplePolicy.Refuse, certificate);
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
        Responder.Script = ScriptedServer.Send(() => "<html>"u8.ToArray(), "text/html");
        Clock.Jump(TimeSpan.FromDays(2));
        await Assert.ThrowsAsync<ProbeException>(() => StapleAsync(app));
    }

    private X509Certificate2 MustStaple() => Issue(Authority, Responder.Url);

    internal static X509Certificate2 Issue(TestAuthority authority, Uri responder) =>
        authority.Issue("CN=server", request =>
        {
            request.CertificateExtensions.Add(
                new X509AuthorityInformationAccessExtension([responder.OriginalString], [])
            );
            // Features ::= SEQUENCE OF INTEGER { status_request (5) }
            request.CertificateExtensions.Add(
                new X509Extension("1.3.6.1.5.5.7.1.24", [0x30, 0x03, 0x02, 0x01, 0x05], critical: false)
            );
        });

    private Task<WebApplication> StartWithAsync(MustStaplePolicy policy, X509Certificate2? certificate = null) =>
        StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling(options => options.MustStaple = policy);
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.ListenLocalhostTls(https => Use(https, certificate ?? MustStaple()))
                );
            },
            useDefault: false
        );
}
