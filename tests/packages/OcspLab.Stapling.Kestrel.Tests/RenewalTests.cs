using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>
/// An application that chooses its certificate at each handshake chooses a renewed one from one moment to the next.
/// </summary>
public sealed class RenewalTests : SiteBench
{
    private readonly TaskCompletionSource _renewedMayBeAnswered = new();
    private X509Certificate2 _chosen = null!;

    [Fact, Trait("Rule", "S29"), Trait("Rule", "S27")]
    public async Task Until_a_renewed_certificate_has_its_staple_the_one_before_serves()
    {
        var (old, renewed) = (
            MustStapleTests.Issue(Authority, Responder.Url),
            MustStapleTests.Issue(Authority, Responder.Url)
        );
        Answer(old, renewed);
        _chosen = old;
        await using var app = await StartWithSelectorAsync();
        var stapler = app.Services.GetRequiredService<IOcspStapler>();
        await stapler.PrepareAsync(old, [Authority.Certificate], TestContext.Current.CancellationToken);
        Assert.Equal((old.SerialNumber, StapleVerdictKind.Good), await LookAsync(PortOf(app)));

        _chosen = renewed;
        Assert.Equal((old.SerialNumber, StapleVerdictKind.Good), await LookAsync(PortOf(app)));
        Assert.Equal((old.SerialNumber, StapleVerdictKind.Good), await LookAsync(PortOf(app)));
        _renewedMayBeAnswered.SetResult();
        await stapler.PrepareAsync(renewed, [Authority.Certificate], TestContext.Current.CancellationToken);
        Assert.Equal((renewed.SerialNumber, StapleVerdictKind.Good), await LookAsync(PortOf(app)));
    }

    [Fact, Trait("Rule", "S29"), Trait("Rule", "S27")]
    public async Task A_certificate_that_was_revoked_does_not_serve_for_the_one_that_takes_its_place()
    {
        var (old, renewed) = (
            MustStapleTests.Issue(Authority, Responder.Url),
            MustStapleTests.Issue(Authority, Responder.Url)
        );
        Answer(old, renewed, Ocsp.Responses.CertStatus.Revoked(TestAuthority.Now.AddHours(-1)));
        _chosen = old;
        await using var app = await StartWithSelectorAsync();
        var stapler = app.Services.GetRequiredService<IOcspStapler>();
        await stapler.PrepareAsync(old, [Authority.Certificate], TestContext.Current.CancellationToken);
        Assert.Equal((old.SerialNumber, StapleVerdictKind.Revoked), await LookAsync(PortOf(app)));
        _chosen = renewed;
        await Assert.ThrowsAsync<ProbeException>(() => LookAsync(PortOf(app)));
        // The responder ends with its last request.
        _renewedMayBeAnswered.SetResult();
    }

    [Fact, Trait("Rule", "S29")]
    public async Task A_certificate_that_was_prepared_is_stapled_from_its_first_handshake_on()
    {
        var renewed = Authority.Server(Responder.Url);
        Answer(Certificate, renewed);
        _renewedMayBeAnswered.SetResult();
        _chosen = Certificate;
        await using var app = await StartWithSelectorAsync();
        var stapler = app.Services.GetRequiredService<IOcspStapler>();
        var status = await stapler.PrepareAsync(
            renewed,
            [Authority.Certificate],
            TestContext.Current.CancellationToken
        );
        Assert.NotNull(status.Staple);
        _chosen = renewed;
        Assert.Equal((renewed.SerialNumber, StapleVerdictKind.Good), await LookAsync(PortOf(app)));
    }

    [Theory, Trait("Rule", "S2")]
    [InlineData(true, StapleVerdictKind.Good)]
    [InlineData(false, StapleVerdictKind.Absent)]
    public async Task A_handshake_callback_waits_for_the_first_staple_of_a_certificate_and_not_for_long(
        bool isAnswered,
        StapleVerdictKind expected
    )
    {
        Answer(Authority.Server(), Certificate);
        if (isAnswered)
            _renewedMayBeAnswered.SetResult();
        _chosen = Certificate;
        await using var app = await StartAsync(
            builder =>
            {
                InstallIssuer(builder);
                builder.WebHost.UseOcspStapling(options =>
                    options.FirstHandshakeTimeout = isAnswered
                        ? TimeSpan.FromSeconds(8)
                        : TimeSpan.FromMilliseconds(100)
                );
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.Listen(IPAddress.Loopback, 0, listen =>
                        listen.UseHttps(
                            new TlsHandshakeCallbackOptions
                            {
                                OnConnection = _ =>
                                    ValueTask.FromResult(
                                        new SslServerAuthenticationOptions
                                        {
                                            ServerCertificateContext = SslStreamCertificateContext.Create(
                                                _chosen,
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
        Assert.Equal((Certificate.SerialNumber, expected), await LookAsync(PortOf(app)));
        // The responder ends with its last request.
        _renewedMayBeAnswered.TrySetResult();
    }

    [Fact, Trait("Rule", "S1")]
    public async Task A_known_limit_kestrel_asks_by_itself_at_start_even_where_stapling_is_turned_off()
    {
        await using var app = await StartAsync(builder =>
        {
            builder.Configuration["OcspStapling:Certificates:server:Use"] = "Off";
            builder.WebHost.UseOcspStapling();
        });
        // Kestrel makes its own context before anybody can stop it, and nothing turns its fetch off. What it fetches is
        // never stapled.
        await Poll.UntilAsync(() => Responder.Requests > 0, "Kestrel asks");
        Assert.Equal((Certificate.SerialNumber, StapleVerdictKind.Absent), await LookAsync(PortOf(app)));
    }

    // For the certificate that takes another's place only once it may.
    private void Answer(X509Certificate2 old, X509Certificate2 renewed, Ocsp.Responses.CertStatus? status = null) =>
        Responder.Script = async context =>
        {
            var isRenewed = IsAbout(context, renewed);
            if (isRenewed)
                await _renewedMayBeAnswered.Task.WaitAsync(context.RequestAborted);
            var bytes = isRenewed ? Authority.Respond(renewed) : Authority.Respond(old, status);
            await ScriptedServer.Send(() => bytes)(context);
        };

    private Task<WebApplication> StartWithSelectorAsync() =>
        StartAsync(
            builder =>
            {
                builder.WebHost.UseOcspStapling();
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.ListenLocalhostTls(https =>
                    {
                        https.ServerCertificateSelector = (_, _) => _chosen;
                        https.ServerCertificateChain = [Authority.Certificate];
                    })
                );
            },
            useDefault: false
        );
}
