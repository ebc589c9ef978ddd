using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OcspLab.Probe;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>
/// A runtime that takes no staples from this library: its own stapling stays in force, and nobody is told that all is
/// well.
/// </summary>
public sealed class HandOffTests : SiteBench
{
    [Fact, Trait("Rule", "S34")]
    public async Task Where_a_handshake_does_not_send_its_staple_the_log_says_so_as_an_error()
    {
        await using var app = await StartAsync(BrokenRuntime);
        var record = Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "StaplingRuntimeOwn");
        Assert.Equal(LogLevel.Error, record.Level);
        Assert.Contains("did not send", record.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Log.GetSnapshot(), other => other.Id.Name == "StaplingVerified");
    }

    [Fact, Trait("Rule", "S32")]
    public async Task Health_is_degraded_and_the_certificates_are_known()
    {
        await using var app = await StartAsync(BrokenRuntime);
        Assert.Equal(HealthStatus.Degraded, await CheckAsync(app));
        var staple = Assert.Single(app.Services.GetRequiredService<IStaplingStatus>().Staples);
        Assert.Equal($"CN=server (serial {staple.SerialNumber})", staple.Certificate);
        Assert.Contains("did not send", staple.Obstacle, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "S27"), Trait("Rule", "S32")]
    public async Task Health_is_unhealthy_where_a_certificate_must_be_stapled()
    {
        using var certificate = MustStapleTests.Issue(Authority, Responder.Url);
        Responder.Script = ScriptedServer.Send(() => Authority.Respond(certificate));
        await using var app = await StartAsync(
            builder =>
            {
                BrokenRuntime(builder);
                builder.WebHost.ConfigureKestrel(kestrel =>
                    kestrel.ListenLocalhostTls(https => Use(https, certificate))
                );
            },
            useDefault: false
        );
        Assert.Equal(HealthStatus.Unhealthy, await CheckAsync(app));
        // The runtime's own stapling, or none: the library does not stand in its way.
        Assert.NotEqual(StapleVerdictKind.Rejected, await StapleAsync(app));
    }

    private static void BrokenRuntime(WebApplicationBuilder builder)
    {
        var status = new HandOffStatus();
        status.GiveUp(HandOffMode.RuntimeOwn, "a handshake did not send the staple that it was given");
        builder.Services.AddSingleton(status);
        builder.Services.AddHealthChecks().AddOcspStapling();
        builder.WebHost.UseOcspStapling();
    }

    private static async Task<HealthStatus> CheckAsync(WebApplication app) =>
        (
            await app
                .Services.GetRequiredService<HealthCheckService>()
                .CheckHealthAsync(TestContext.Current.CancellationToken)
        ).Status;
}
