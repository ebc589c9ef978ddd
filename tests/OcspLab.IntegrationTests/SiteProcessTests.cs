using System.Globalization;
using OcspLab.Probe;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The site as a process that is killed, and its responder too.</summary>
public sealed class SiteProcessTests
{
    [Fact, Trait("Rule", "S25"), Trait("Rule", "S2")]
    public async Task Killed_while_the_responder_is_down_the_site_staples_its_first_handshake_from_the_store()
    {
        await using var lab = await ProcessLab.StartAsync();
        Assert.Equal(StapleVerdictKind.Good, await lab.StapleAsync());
        lab.KillResponder();
        lab.KillSite();
        await lab.StartSiteAsync();
        Assert.Equal(StapleVerdictKind.Good, await lab.StapleAsync());
    }

    /// <summary>A quarter of a minute here; <c>OCSPLAB_SOAK=00:10:00</c> for ten.</summary>
    [Fact, Trait("Rule", "S7"), Trait("Rule", "S25")]
    public async Task However_often_responder_and_site_are_killed_every_handshake_is_stapled()
    {
        var length = TimeSpan.TryParse(
            Environment.GetEnvironmentVariable("OCSPLAB_SOAK"),
            CultureInfo.InvariantCulture,
            out var asked
        )
            ? asked
            : TimeSpan.FromSeconds(15);
        var chance = new Random(20261122);
        int handshakes = 0,
            siteKills = 0,
            responderKills = 0;
        await using var lab = await ProcessLab.StartAsync();
        var responderUp = true;
        for (
            var started = TimeProvider.System.GetTimestamp();
            TimeProvider.System.GetElapsedTime(started) < length || siteKills == 0 || responderKills == 0;

        )
        {
            switch (chance.Next(3))
            {
                case 0:
                    lab.KillSite();
                    await lab.StartSiteAsync();
                    siteKills++;
                    break;
                case 1 when responderUp:
                    lab.KillResponder();
                    responderKills++;
                    responderUp = false;
                    break;
                case 1:
                    await lab.StartResponderAsync();
                    responderUp = true;
                    break;
                default:
                    await Task.Delay(chance.Next(1500), TestContext.Current.CancellationToken);
                    break;
            }

            for (var i = 0; i < 20; i++, handshakes++)
                Assert.Equal(StapleVerdictKind.Good, await lab.StapleAsync());
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{handshakes} handshakes, all stapled; site killed {siteKills} times, responder {responderKills} times"
        );
    }

    [Fact, Trait("Rule", "S12"), Trait("Rule", "S32")]
    public async Task What_does_not_verify_is_not_stapled()
    {
        // A responder that knows nothing of these certificates: what it signs is for others.
        var stranger = new TestAuthority();
        var other = stranger.Server();
        await using var wrong = await ScriptedServer.StartAsync(ScriptedServer.Send(() => stranger.Respond(other)));
        await using var lab = await ProcessLab.StartAsync($"--OcspStapling:Responder={wrong.Url}");
        for (var i = 0; i < 5; i++)
            Assert.Equal(StapleVerdictKind.Absent, await lab.StapleAsync());
        Assert.True(wrong.Requests > 0);
    }
}
