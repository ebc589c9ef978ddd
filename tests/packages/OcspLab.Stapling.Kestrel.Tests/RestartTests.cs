using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using OcspLab.Ocsp.Responses;
using OcspLab.Probe;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>A site that goes down and comes up again.</summary>
public sealed class RestartTests : SiteBench
{
    [Fact, Trait("Rule", "S25")]
    public async Task After_a_restart_with_the_responder_down_the_first_handshake_is_stapled()
    {
        await using (var app = await StartAsync())
            Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
        Responder.Script = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        await using var again = await StartAsync();
        Assert.Equal(StapleVerdictKind.Good, await StapleAsync(again));
    }

    [Fact, Trait("Rule", "S25")]
    public async Task A_stored_staple_that_has_expired_is_not_served()
    {
        await using (var app = await StartAsync())
            Assert.Equal(StapleVerdictKind.Good, await StapleAsync(app));
        Clock.Jump(TimeSpan.FromDays(2));
        Responder.Script = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        await using var again = await StartAsync(builder =>
            builder.WebHost.UseOcspStapling(options => options.StartupTimeout = TimeSpan.FromMilliseconds(200))
        );
        Assert.Equal(StapleVerdictKind.Absent, await StapleAsync(again));
    }

    [Fact, Trait("Rule", "S10")]
    public async Task A_revocation_survives_a_restart()
    {
        Responder.Script = ScriptedServer.Send(() =>
            Authority.Respond(Certificate, CertStatus.Revoked(TestAuthority.Now.AddHours(-2)))
        );
        await using (var app = await StartAsync())
            Assert.Equal(StapleVerdictKind.Revoked, await StapleAsync(app));
        Responder.Script = ScriptedServer.Send(() =>
            Authority.Respond(Certificate, thisUpdate: TestAuthority.Now.AddHours(-3))
        );
        await using var again = await StartAsync();
        Assert.Equal(StapleVerdictKind.Revoked, await StapleAsync(again));
        await again
            .Services.GetRequiredService<IStaplingStatus>()
            .RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(StapleVerdictKind.Revoked, await StapleAsync(again));
    }
}
