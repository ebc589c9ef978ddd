using OcspLab.Lab.Fleets;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary><c>ocsplab up --fleet</c>: sites behind HAProxy, and what they share.</summary>
[Trait("Ring", "long")]
public sealed class UpFleetTests : UpBench
{
    private const int Sites = 2;

    private readonly FleetPorts _ports = Programs.FreeFleetPorts(Sites);

    [Fact, Trait("Rule", "S26"), Trait("Rule", "S2")]
    public async Task Whatever_part_is_killed_handshakes_are_stapled_and_a_revocation_reaches_every_site()
    {
        Assert.SkipWhen(FleetPrograms.Missing is not null, FleetPrograms.Missing ?? "");
        await using var lab = await UpAsync();
        foreach (var part in (string[])["site-1", "redis", "postgresql", "responder-1"])
        {
            Assert.Equal($"{part} killed", (await OcspLabAsync("fleet", "kill", part)).Output.Trim());
            for (var handshake = 0; handshake < 4; handshake++)
                Assert.Equal(0, await InspectAsync(_ports.Balancer));
            await Poll.UntilAsync(
                () => lab.Error.Contains($"{part} is there again", StringComparison.Ordinal),
                $"{part} comes again",
                60
            );
        }

        Assert.Equal(0, (await OcspLabAsync("pki", "revoke", "echo")).ExitCode);
        Assert.Contains("revoked", (await OcspLabAsync("pki", "list")).Output, StringComparison.Ordinal);
        foreach (var site in _ports.Sites)
            await Poll.UntilAsync(async () => await InspectAsync(site) == 1, $"{site} tells of the revocation", 60);

        var none = await OcspLabAsync("fleet", "kill", "site-9");
        Assert.Equal(64, none.ExitCode);
        Assert.Contains("redis, responder-1, responder-2, site-1, site-2", none.Error, StringComparison.Ordinal);
        lab.Interrupt();
        Assert.Equal(0, await lab.WaitAsync(60));
        Assert.False(File.Exists(Folder["fleet"]));
    }

    [Fact]
    public async Task What_a_killed_lab_left_of_its_fleet_is_gone_with_the_next_one()
    {
        Assert.SkipWhen(FleetPrograms.Missing is not null, FleetPrograms.Missing ?? "");
        string left;
        await using (var lab = await UpAsync())
        {
            left = await File.ReadAllTextAsync(Folder["fleet"], TestContext.Current.CancellationToken);
            lab.Kill();
            await lab.WaitAsync();
        }

        Assert.Equal(0, await InspectAsync(_ports.Balancer));
        var next = await Programs.OcspLabAsync([.. Arguments(), "--nginx", "off", "--no-console", "--for", "00:00:01"]);
        Assert.True(next.ExitCode == 0, next.Error);
        Assert.False(Directory.Exists(left), "its folder is still there");
        Assert.Equal(69, await InspectAsync(_ports.Balancer));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("many")]
    public async Task A_number_of_sites_that_is_none_is_refused(string sites)
    {
        var refused = await Programs.OcspLabAsync("up", "--lab", Folder.Path, "--fleet", sites);
        Assert.Equal(64, refused.ExitCode);
        Assert.Contains(
            $"--fleet is a number of sites from 2 to 16, not '{sites}'",
            refused.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_port_that_leaves_no_room_for_the_fleet_is_refused()
    {
        var refused = await Programs.OcspLabAsync("up", "--lab", Folder.Path, "--fleet", "4", "--fleet-port", "65530");
        Assert.Equal(64, refused.ExitCode);
        Assert.Contains("the fleet's last port would be 65541", refused.Error, StringComparison.Ordinal);
    }

    private async Task<RunningProgram> UpAsync()
    {
        var lab = new RunningProgram([
            "dotnet",
            Programs.Cli,
            .. QuickArguments(),
            "--nginx",
            "off",
            "--no-console",
            "--fleet",
            $"{Sites}",
            "--fleet-port",
            $"{_ports.Balancer}",
        ]);
        await Programs.ReadyAsync(lab);
        return lab;
    }

    private Task<ToolResult> OcspLabAsync(params string[] arguments) =>
        Programs.OcspLabAsync([.. arguments, "--lab", Folder.Path]);

    private static async Task<int> InspectAsync(int port) =>
        (await Programs.OcspLabAsync("inspect", $"127.0.0.1:{port}", "--servername", "echocert.lab")).ExitCode;
}
