using System.Globalization;
using System.Net;
using OcspLab.Lab.Topology;
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

    /// <summary>As containers are often run.</summary>
    [Fact, Trait("Rule", "S25"), Trait("Rule", "S2")]
    public async Task On_a_read_only_file_system_without_a_home_it_staples_its_first_handshake_and_says_what_is_lost()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may make a file system read-only");
        await using var lab = await ProcessLab.StartAsync(
            [
                Tool.Require("unshare"),
                "--mount",
                "sh",
                "-c",
                "mount --bind / / && mount -o remount,bind,ro / && exec env -u HOME dotnet \"$@\"",
                "site",
                Programs.Service(LabTopology.Kestrel),
            ],
            []
        );
        Assert.Equal(StapleVerdictKind.Good, await lab.StapleAsync());
        Assert.Contains("Staples are not kept: Read-only file system", lab.Site!.Output, StringComparison.Ordinal);
        lab.Site.Terminate();
        Assert.Equal(0, await lab.Site.WaitAsync());
    }

    /// <summary>As in a rolling deployment.</summary>
    [Fact, Trait("Rule", "S2")]
    public async Task Told_to_end_under_load_it_finishes_what_it_has_begun_and_no_handshake_goes_without()
    {
        await using var lab = await ProcessLab.StartAsync();
        await lab.DelayAnswersAsync(TimeSpan.FromSeconds(3));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var handshakes = 0;
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(ShakeHandsAsync)).ToArray();
        await Poll.UntilAsync(() => Volatile.Read(ref handshakes) > 40, "the load runs");

        // The site asks its responder, who takes its time; meanwhile the site is told to end.
        using var client = lab.CreateClient();
        var begun = client.PostAsync(
            new Uri($"https://127.0.0.1:{lab.Topology.Ports.Kestrel}/ocsp-stapling/refresh"),
            null,
            TestContext.Current.CancellationToken
        );
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.False(begun.IsCompleted);
        lab.Site!.Terminate();
        using var answer = await begun;
        Assert.True(answer.IsSuccessStatusCode, answer.StatusCode.ToString());
        Assert.Contains(
            "good",
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Equal(0, await lab.Site.WaitAsync());
        await over.CancelAsync();
        await Task.WhenAll(load);

        async Task ShakeHandsAsync()
        {
            while (!over.IsCancellationRequested)
            {
                try
                {
                    Assert.Equal(StapleVerdictKind.Good, await lab.StapleAsync());
                    Interlocked.Increment(ref handshakes);
                }
                catch (ProbeException)
                {
                    // It no longer listens, or closed what had not begun.
                    await Task.Delay(20);
                }
            }
        }
    }

    /// <summary>Whoever sends it requests asks first.</summary>
    [Fact, Trait("Rule", "S32")]
    public async Task It_is_ready_when_it_has_its_staple_and_stays_so_while_the_responder_is_away()
    {
        await using var lab = await ProcessLab.StartAsync("--OcspStapling:StartupTimeout=00:00:00");
        using var client = lab.CreateClient();
        var ready = new Uri($"https://127.0.0.1:{lab.Topology.Ports.Kestrel}/ready");
        await Poll.UntilAsync(async () => await StatusAsync() == HttpStatusCode.OK, "it is ready");
        lab.KillResponder();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
        lab.KillSite();
        Directory.Delete(lab.Topology.StapleDirectory, recursive: true);
        await lab.StartSiteAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync());
        await lab.StartResponderAsync();
        await Poll.UntilAsync(async () => await StatusAsync() == HttpStatusCode.OK, "it is ready again");

        async Task<HttpStatusCode> StatusAsync()
        {
            using var answer = await client.GetAsync(ready, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }

    /// <summary>A quarter of a minute here; <c>OCSPLAB_SOAK=00:10:00</c> for ten.</summary>
    [Fact, Trait("Ring", "long"), Trait("Rule", "S7"), Trait("Rule", "S25")]
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
