using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Probe;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>Every way in which Kestrel comes by a certificate.</summary>
public sealed class CertificateChoiceTests : SiteBench
{
    [Fact, Trait("Rule", "S20")]
    public async Task A_certificate_may_have_a_client_of_its_own_from_the_configuration()
    {
        await using var app = await StartAsync(builder =>
        {
            builder.Configuration["OcspStapling:Clients:inside:Retries"] = "1";
            builder.Configuration["OcspStapling:Certificates:server:Client"] = "inside";
            builder.WebHost.UseOcspStapling();
        });
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
    }

    [Fact, Trait("Rule", "S4")]
    public async Task An_application_that_makes_its_context_anew_for_each_handshake_causes_no_fetches()
    {
        await File.WriteAllTextAsync(
            Folder["issuer.pem"],
            Authority.Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        await using var app = await StartAsync(
            builder =>
            {
                builder.Configuration["OcspStapling:Issuers:0"] = Folder["issuer.pem"];
                builder.WebHost.UseOcspStapling();
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
                        listen.UseHttps(
                            new TlsHandshakeCallbackOptions
                            {
                                OnConnection = _ =>
                                    ValueTask.FromResult(
                                        new SslServerAuthenticationOptions
                                        {
                                            ServerCertificateContext = SslStreamCertificateContext.Create(
                                                Certificate,
                                                [Authority.Certificate],
                                                offline: true
                                            ),
                                        }
                                    ),
                            }
                        )
                    )
                );
            },
            useDefault: false
        );
        await StapleAsync(app);
        await Poll.UntilAsync(async () => await StapleAsync(app) == StapleVerdictKind.Good, "the staple");
        var asked = Responder.Requests;
        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
        }

        Assert.Equal(asked, Responder.Requests);
    }

    [Fact, Trait("Rule", "S28")]
    public async Task A_certificate_that_a_selector_chooses_is_stapled()
    {
        await using var app = await StartAsync(
            builder =>
                Listen(builder, https =>
                    https.ServerCertificateSelector = (_, name) => name == "server" ? Certificate : null
                ),
            useDefault: false
        );
        await StapledSoonAsync(app, "server");
        await Assert.ThrowsAsync<ProbeException>(() => StapleAsync(app, serverName: "stranger"));
    }

    [Theory, Trait("Rule", "S28")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_selector_is_given_an_international_name_as_without_the_library(bool isStapled)
    {
        var asked = new List<string?>();
        await using var app = await StartAsync(
            builder =>
            {
                void Configure(HttpsConnectionAdapterOptions https) =>
                    https.ServerCertificateSelector = (_, name) =>
                    {
                        asked.Add(name);
                        return name == "bücher.example" ? Certificate : null;
                    };
                if (isStapled)
                    Listen(builder, Configure);
                else
                    builder.WebHost.ConfigureKestrel(kestrel =>
                        kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(Configure))
                    );
            },
            useDefault: false
        );
        await StapleAsync(app, serverName: "xn--bcher-kva.example");
        Assert.Equal(["bücher.example"], asked);
    }

    [Fact, Trait("Rule", "S28")]
    public async Task A_selector_is_asked_once_a_handshake_and_the_hello_still_reaches_the_application()
    {
        var asked = new List<string?>();
        var hellos = 0;
        await using var app = await StartAsync(builder => Listen(builder, https =>
                {
                    https.TlsClientHelloBytesCallback = (_, bytes) => hellos += bytes.Length > 0 ? 1 : 0;
                    https.ServerCertificateSelector = (_, name) =>
                    {
                        asked.Add(name);
                        return Certificate;
                    };
                }), useDefault: false);
        await StapleAsync(app);
        Assert.Equal(["server"], asked);
        Assert.Equal(1, hellos);
    }

    [Fact, Trait("Rule", "S28")]
    public async Task The_application_still_learns_the_server_name_behind_a_selector()
    {
        string? seen = null;
        await using var app = await StartAsync(
            builder => Listen(builder, https => https.ServerCertificateSelector = (_, _) => Certificate),
            useDefault: false,
            pipeline: app =>
                app.Run(context =>
                {
                    seen = context.Features.Get<ITlsHandshakeFeature>()?.HostName;
                    return context.Response.WriteAsync("hello");
                })
        );
        using var client = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, shown, _, _) =>
                        shown?.GetCertHashString() == Certificate.GetCertHashString(),
                },
            }
        );
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{PortOf(app)}/");
        request.Headers.Host = "server";
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("server", seen);
    }

    [Fact, Trait("Rule", "S28")]
    public async Task Options_that_an_application_keeps_for_all_handshakes_go_on_choosing()
    {
        using var other = Authority.Server(Responder.Url);
        var kept = new SslServerAuthenticationOptions
        {
            ServerCertificateSelectionCallback = (_, name) => name == "server" ? Certificate : other,
        };
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.Listen(IPAddress.Loopback, 0, listen =>
                        listen.UseHttps(
                            new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(kept) }
                        )
                    )
                );
            },
            useDefault: false
        );
        foreach (
            var (name, expected) in ((string, X509Certificate2)[])
                [("server", Certificate), ("other", other), ("server", Certificate)]
        )
        {
            var handshake = await new TlsProbe(TimeProvider.System).ConnectAsync(
                "127.0.0.1",
                PortOf(app),
                name,
                TlsVersion.Any,
                TimeSpan.FromSeconds(10),
                TestContext.Current.CancellationToken
            );
            Assert.Equal(expected.SerialNumber, handshake.Certificates[0].SerialNumber);
        }

        Assert.Null(kept.ServerCertificateContext);
    }

    [Fact, Trait("Rule", "S28")]
    public async Task Endpoints_in_code_and_in_configuration_side_by_side_are_both_stapled()
    {
        await File.WriteAllTextAsync(
            Folder["server.pem"],
            Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            Folder["server.key"],
            Certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
            TestContext.Current.CancellationToken
        );
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                InstallIssuer(builder);
                builder.Configuration["Kestrel:Endpoints:Https:Url"] = "https://127.0.0.1:0";
                builder.Configuration["Kestrel:Endpoints:Https:Certificate:Path"] = Folder["server.pem"];
                builder.Configuration["Kestrel:Endpoints:Https:Certificate:KeyPath"] = Folder["server.key"];
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.ListenLocalhostTls(https => Use(https, Certificate))
                );
            },
            useDefault: false
        );
        Assert.Equal(2, app.Urls.Count);
        foreach (var port in app.Urls.Select(url => new Uri(url).Port))
        {
            var handshake = await new TlsProbe(TimeProvider.System).ConnectAsync(
                "127.0.0.1",
                port,
                "server",
                TlsVersion.Any,
                TimeSpan.FromSeconds(10),
                TestContext.Current.CancellationToken
            );
            Assert.Equal(
                StapleVerdictKind.Good,
                StapleInspector.Inspect(handshake, [Authority.Certificate], TestAuthority.Now).Staple.Verdict
            );
        }
    }

    [Fact, Trait("Rule", "S28")]
    public async Task A_selector_with_no_answer_is_asked_once_and_never_before_there_is_a_client()
    {
        var asked = 0;
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.Configuration["Kestrel:Endpoints:Https:Url"] = "https://127.0.0.1:0";
                builder.Configuration["Kestrel:Endpoints:Https:Sni:name.example.test:Protocols"] = "Http1";
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.ConfigureHttpsDefaults(https =>
                        https.ServerCertificateSelector = (_, _) =>
                        {
                            asked++;
                            return null;
                        }
                    )
                );
            },
            useDefault: false
        );
        Assert.Equal(0, asked);
        await Assert.ThrowsAsync<ProbeException>(() => StapleAsync(app, serverName: "name.example.test"));
        Assert.Equal(1, asked);
    }

    [Fact, Trait("Rule", "S28")]
    public async Task A_selector_that_is_set_for_an_endpoint_of_the_configuration_is_stapled()
    {
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.Configuration["Kestrel:Endpoints:Https:Url"] = "https://127.0.0.1:0";
                builder.WebHost.ConfigureKestrel(
                    (context, kestrel) =>
                        kestrel
                            .Configure(context.Configuration.GetSection("Kestrel"))
                            .Endpoint("Https", endpoint =>
                            {
                                endpoint.HttpsOptions.ServerCertificateSelector = (_, _) => Certificate;
                                endpoint.HttpsOptions.ServerCertificateChain = [Authority.Certificate];
                            })
                );
            },
            useDefault: false
        );
        await StapledSoonAsync(app, "server");
    }

    [Theory, Trait("Rule", "S28")]
    [InlineData(Choice.Certificate)]
    [InlineData(Choice.Context)]
    [InlineData(Choice.KeptOptions)]
    public async Task What_a_handshake_callback_chooses_is_stapled(Choice choice)
    {
        var kept = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(Certificate, [Authority.Certificate]),
        };
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(
                            new TlsHandshakeCallbackOptions
                            {
                                OnConnection = _ =>
                                    ValueTask.FromResult(
                                        choice switch
                                        {
                                            Choice.Certificate => new SslServerAuthenticationOptions
                                            {
                                                ServerCertificate = Certificate,
                                            },
                                            Choice.Context => new SslServerAuthenticationOptions
                                            {
                                                ServerCertificateContext = SslStreamCertificateContext.Create(
                                                    Certificate,
                                                    [Authority.Certificate]
                                                ),
                                            },
                                            _ => kept,
                                        }
                                    ),
                            }
                        ))
                );
                InstallIssuer(builder);
            },
            useDefault: false
        );
        await StapledSoonAsync(app, "server");
        Responder.Script = ScriptedServer.Send(() =>
            Authority.Respond(Certificate, CertStatus.Revoked(TestAuthority.Now))
        );
        var status = (IStaplingStatus)app.Services.GetService(typeof(IStaplingStatus))!;
        await status.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(StapleVerdictKind.Revoked, await StapleAsync(app));
    }

    [Theory, Trait("Rule", "S2")]
    [InlineData("exact.example.test", "exact.example.test")]
    [InlineData("*.example.test", "anything.example.test")]
    [InlineData("*", "whatever.test")]
    public async Task The_first_client_of_a_name_from_configuration_gets_its_staple(string name, string serverName)
    {
        await File.WriteAllTextAsync(
            Folder["server.pem"],
            Certificate.ExportCertificatePem() + "\n" + Authority.Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            Folder["server.key"],
            Certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
            TestContext.Current.CancellationToken
        );
        await using var app = await StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                InstallIssuer(builder);
                builder.Configuration.AddInMemoryCollection(
                    new Dictionary<string, string?>
                    {
                        ["Kestrel:Endpoints:Https:Url"] = "https://127.0.0.1:0",
                        [$"Kestrel:Endpoints:Https:Sni:{name}:Certificate:Path"] = Folder["server.pem"],
                        [$"Kestrel:Endpoints:Https:Sni:{name}:Certificate:KeyPath"] = Folder["server.key"],
                    }
                );
            },
            useDefault: false
        );
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app, serverName: serverName));
    }

    [Fact, Trait("Rule", "S28")]
    public async Task Rsa_and_ecdsa_certificates_side_by_side_have_each_its_own_staple()
    {
        using var other = Authority.Server(Responder.Url);
        Responder.Script = async context =>
        {
            var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget[1..];
            Assert.True(
                OcspRequest.TryDecode(
                    Convert.FromBase64String(Uri.UnescapeDataString(target)),
                    out var request,
                    out var fault
                ),
                fault?.Detail
            );
            var asked = request.CertIds.Single().SerialNumber.Span.SequenceEqual(Certificate.SerialNumberBytes.Span)
                ? Certificate
                : other;
            await ScriptedServer.Send(() =>
                Authority.Respond(asked, asked == other ? CertStatus.Revoked(TestAuthority.Now.AddHours(-2)) : null)
            )(context);
        };
        await using var app = await StartAsync(
            builder =>
                Listen(builder, https =>
                    https.ServerCertificateSelector = (_, name) => name == "server" ? Certificate : other
                ),
            useDefault: false
        );
        await StapledSoonAsync(app, "server");
        await Poll.UntilAsync(
            async () => await StapleAsync(app, serverName: "other") == StapleVerdictKind.Revoked,
            "the other certificate's own staple"
        );
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
    }

    public enum Choice
    {
        Certificate,
        Context,
        KeptOptions,
    }

    private void Listen(WebApplicationBuilder builder, Action<HttpsConnectionAdapterOptions> configure)
    {
        builder.WebHost.UseOcspStapling();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenLocalhostTls(https =>
            {
                https.ServerCertificateChain = [Authority.Certificate];
                configure(https);
            })
        );
    }

    // A bare certificate says nothing of its issuer, and Kestrel keeps a root that stands in a chain to itself.
    // Nobody can know what a selector will choose: its first handshake makes the certificate known, the next ones are
    // stapled.
    private async Task StapledSoonAsync(WebApplication app, string serverName) =>
        await Poll.UntilAsync(
            async () => await StapleAsync(app, serverName: serverName) == StapleVerdictKind.Good,
            "the staple of a certificate that was not known at start"
        );
}
