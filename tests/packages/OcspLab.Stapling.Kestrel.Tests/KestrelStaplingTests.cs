using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Probe;
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Kestrel.Endpoints;
using OcspLab.Stapling.Kestrel.Interop;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>Real Kestrel, real handshakes, a real responder that says what the test tells it to.</summary>
public sealed class KestrelStaplingTests : SiteBench
{
    [Theory, Trait("Rule", "S2")]
    [InlineData(TlsVersion.Tls12)]
    [InlineData(TlsVersion.Tls13)]
    public async Task The_very_first_handshake_is_stapled(TlsVersion version)
    {
        await using var app = await StartAsync();
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app, version));
        // One of ours. Kestrel's own context asks once more, by itself, where it finds the root; nobody uses its
        // answer.
        Assert.InRange(Responder.Requests, 1, 2);
    }

    [Fact]
    public async Task A_known_limit_another_server_of_the_process_that_did_not_staple_the_certificate_before()
    {
        // The runtime keeps one SSL_CTX a certificate, and the first handshake decides whether OpenSSL listens to
        // clients that ask for a staple. When this fails the runtime has mended it: the package's README names the
        // limit.
        await using (
            var before = await StartAsync(
                builder =>
                    builder.WebHost.ConfigureKestrel(kestrel =>
                        kestrel.ListenLocalhostTls(https => https.ServerCertificate = Certificate)
                    ),
                useDefault: false
            )
        )
            Assert.Equal(StapleVerdictKind.Absent, await StapleAsync(before));
        await using var app = await StartAsync();
        Assert.Equal(StapleVerdictKind.Absent, await StapleAsync(app));
    }

    [Fact, Trait("Rule", "S28")]
    public async Task An_endpoint_made_before_stapling_was_turned_on_is_stapled()
    {
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.ListenLocalhostTls(https => Use(https, Certificate))
                );
                builder.WebHost.UseOcspStapling();
            },
            useDefault: false
        );
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
    }

    [Fact, Trait("Rule", "S28")]
    public async Task An_endpoint_from_configuration_is_stapled()
    {
        using var key = Certificate.GetECDsaPrivateKey()!;
        await File.WriteAllTextAsync(
            Folder["chain.pem"],
            Certificate.ExportCertificatePem() + "\n" + Authority.Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            Folder["key.pem"],
            key.ExportPkcs8PrivateKeyPem(),
            TestContext.Current.CancellationToken
        );
        await using var app = await StartAsync(
            builder =>
            {
                builder.Configuration.AddInMemoryCollection(
                    new Dictionary<string, string?>
                    {
                        ["Kestrel:Endpoints:Https:Url"] = "https://127.0.0.1:0",
                        ["Kestrel:Endpoints:Https:Certificate:Path"] = Folder["chain.pem"],
                        ["Kestrel:Endpoints:Https:Certificate:KeyPath"] = Folder["key.pem"],
                    }
                );
                builder.WebHost.UseOcspStapling();
            },
            useDefault: false
        );
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
    }

    [Fact, Trait("Rule", "S28")]
    public async Task The_applications_own_callbacks_and_defaults_are_kept()
    {
        var order = new List<string>();
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.WebHost.ConfigureKestrel(kestrel =>
                {
                    kestrel.ConfigureHttpsDefaults(https => https.HandshakeTimeout = TimeSpan.FromSeconds(7));
                    kestrel.ListenLocalhostTls(https =>
                    {
                        Use(https, Certificate);
                        order.Add(https.HandshakeTimeout.ToString());
                        https.OnAuthenticate = (_, _) => order.Add("application");
                    });
                });
            },
            useDefault: false
        );
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
        Assert.Equal(["00:00:07", "application"], order);
    }

    [Fact, Trait("Rule", "S28")]
    public async Task Beside_an_http3_port_the_tcp_port_is_stapled()
    {
        HttpsConnectionAdapterOptions? endpoint = null;
        var binding = new CallbackWatch(() => endpoint?.OnAuthenticate);
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.Services.AddSingleton<IHostedService>(binding);
                // The library that QUIC needs is not on every machine; what Kestrel refuses is a callback at the time
                // of binding.
                builder.Services.AddSingleton(new Http3Support(IsAvailable: true));
                builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
                    {
                        listen.Protocols = HttpProtocols.Http1AndHttp2AndHttp3;
                        listen.UseHttps(https => Use(endpoint = https, Certificate));
                    }));
            },
            useDefault: false
        );
        Assert.True(binding.WasFree, "a callback would have kept the HTTP/3 port closed");
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
    }

    [Fact, Trait("Rule", "S8")]
    public async Task An_expired_staple_is_not_served()
    {
        await using var app = await StartAsync();
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
        // The clock jumps as it does when a machine wakes: no timer has fired, only the handshake can notice.
        Clock.Jump(TimeSpan.FromDays(1));
        Assert.Equal(StapleVerdictKind.Absent, await StapleAsync(app));
    }

    [Fact, Trait("Rule", "S12")]
    public async Task What_does_not_verify_is_never_stapled()
    {
        Responder.Script = ScriptedServer.Send(() =>
            new TestAuthority().Respond(
                Certificate,
                id: OcspSubject.FromCertificate(Certificate, Authority.Certificate).ToCertId(CertIdHash.Sha1),
                signer: new TestAuthority().Delegate()
            )
        );
        await using var app = await StartAsync();
        Assert.Equal(StapleVerdictKind.Absent, await StapleAsync(app));
        var line = Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "NothingToStaple");
        Assert.Contains("signer_not_", line.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "S10")]
    public async Task Revoked_is_stapled_by_default()
    {
        Responder.Script = ScriptedServer.Send(() =>
            Authority.Respond(
                Certificate,
                CertStatus.Revoked(TestAuthority.Now.AddHours(-2), RevocationReason.KeyCompromise)
            )
        );
        await using var app = await StartAsync();
        Assert.Equal(StapleVerdictKind.Revoked, await StapleAsync(app));
    }

    [Fact, Trait("Rule", "S1")]
    public async Task A_hanging_responder_keeps_the_port_closed_no_longer_than_the_start_up_wait()
    {
        Responder.Script = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await using var app = await StartAsync(builder =>
            builder.WebHost.UseOcspStapling(options => options.StartupTimeout = TimeSpan.FromMilliseconds(50))
        );
        // The port is open and the question still out.
        Assert.Null(app.Services.GetRequiredService<IStaplingStatus>().Staples.Single().LastRefresh);
        Assert.Equal(StapleVerdictKind.Absent, await StapleAsync(app));
        Assert.Contains(Log.GetSnapshot(), record =>
            record.Id.Name == "PrefetchIncomplete" && record.Level == LogLevel.Warning
        );
    }

    [Theory, Trait("Rule", "S12")]
    [InlineData(TlsVersion.Tls12)]
    [InlineData(TlsVersion.Tls13)]
    public async Task The_probe_sees_a_staple_that_is_no_response_for_what_it_is(TlsVersion version)
    {
        var context = SslStreamCertificateContext.Create(Certificate, [Authority.Certificate], offline: true);
        SslContextFields.Claim(context, "<html>not a response</html>"u8.ToArray());
        await using var app = await StartAsync(
            builder =>
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.ListenLocalhostTls(https =>
                    {
                        Use(https, Certificate);
                        https.OnAuthenticate = (_, handshake) => handshake.ServerCertificateContext = context;
                    })
                ),
            useDefault: false
        );
        Assert.Equal(StapleVerdictKind.Rejected, await StapleAsync(app, version));
    }

    [Fact]
    public async Task The_authorities_for_client_certificates_are_kept()
    {
        var clients = new TestAuthority("CN=Clients");
        var trust = SslCertificateTrust.CreateForX509Collection([clients.Certificate], sendTrustInHandshake: true);
        var context = SslStreamCertificateContext.Create(Certificate, [Authority.Certificate], offline: true, trust);
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.ListenLocalhostTls(https =>
                    {
                        Use(https, Certificate);
                        https.OnAuthenticate = (_, handshake) => handshake.ServerCertificateContext = context;
                    })
                );
            },
            useDefault: false
        );
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
        var handshake = new SslServerAuthenticationOptions { ServerCertificateContext = context };
        app.Services.GetRequiredService<IOcspStapler>().Apply(handshake);
        Assert.NotSame(context, handshake.ServerCertificateContext);
        Assert.Same(trust, SslContextFields.TrustOf(handshake.ServerCertificateContext));
    }

    [Fact, Trait("Rule", "S36")]
    public async Task A_certificate_without_a_url_is_served_as_it_is()
    {
        var plain = Authority.Server();
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhostTls(https => Use(https, plain)));
            },
            useDefault: false
        );
        Assert.Equal(StapleVerdictKind.Absent, await StapleAsync(app));
        Assert.Equal(0, Responder.Requests);
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "NoOcspUrl");
    }

    [Fact, Trait("Rule", "S34")]
    public async Task Stapling_that_no_endpoint_uses_is_warned_about()
    {
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.WebHost.UseUrls("http://127.0.0.1:0");
            },
            useDefault: false
        );
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "StaplingUnused");
    }

    [Fact]
    public async Task The_mode_is_said_once_at_start()
    {
        await using var app = await StartAsync();
        Assert.Equal(new HandOffState(HandOffMode.Verified, null), StapleCanary.Find());
        Assert.Null(KestrelInternals.Missing);
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "StaplingVerified");
    }

    [Fact]
    public async Task A_setting_out_of_bounds_stops_the_start_with_its_name()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            StartAsync(builder => builder.WebHost.UseOcspStapling(options => options.RetryDelay = TimeSpan.Zero))
        );
        Assert.Contains("RetryDelay", exception.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "S2"), Trait("Ring", "program")]
    public async Task A_resumed_session_stays_possible_after_a_refresh()
    {
        var openssl = Tool.Require("openssl");
        var current = CertStatus.Good;
        Responder.Script = context =>
        {
            context.Response.Headers.CacheControl = "max-age=1";
            return ScriptedServer.Send(() => Authority.Respond(Certificate, current))(context);
        };
        await using var app = await StartAsync(builder =>
            builder.WebHost.UseOcspStapling(options => options.MinimumRefreshInterval = TimeSpan.FromSeconds(1))
        );
        var session = Folder["session.pem"];
        // The runtime throws idle SSL_CTXs away when a process has made dozens, as the tests beside this one do; one
        // with a connection it keeps.
        using var client = new System.Net.Sockets.TcpClient("127.0.0.1", PortOf(app));
        await using var holding = new System.Net.Security.SslStream(
            client.GetStream(),
            leaveInnerStreamOpen: false,
            (_, certificate, _, _) => certificate is not null
        );
        await holding.AuthenticateAsClientAsync(
            new System.Net.Security.SslClientAuthenticationOptions
            {
                TargetHost = "server",
                EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12,
            },
            TestContext.Current.CancellationToken
        );
        await Tool.ShellAsync(
            Folder.Path,
            $"{openssl} s_client -connect 127.0.0.1:{PortOf(app)} -tls1_2 -sess_out {session} </dev/null"
        );
        var status = app.Services.GetRequiredService<IStaplingStatus>();
        current = CertStatus.Revoked(TestAuthority.Now.AddHours(-1));
        await Poll.UntilAsync(
            () => status.Staples.Single().Staple?.Status.Kind == CertStatusKind.Revoked,
            "the refresh"
        );
        var resumed = await Tool.ShellAsync(
            Folder.Path,
            $"{openssl} s_client -connect 127.0.0.1:{PortOf(app)} -tls1_2 -sess_in {session} </dev/null"
        );
        Assert.Contains("Reused, TLSv1.2", resumed.Output, StringComparison.Ordinal);
    }
}
