using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>Containers that end, and what is there afterwards.</summary>
public sealed class ContainerEndTests(ContainerFixture containers)
    : ContainerBench(containers),
        IClassFixture<ContainerFixture>
{
    [Fact]
    public async Task Nothing_is_left_after_ctrl_c()
    {
        await using var lab = await UpAsync();
        lab.Interrupt();
        Assert.Equal(0, await lab.WaitAsync());
        await AssertNothingIsLeftAsync();
    }

    [Fact, Trait("Ring", "long")]
    public async Task A_container_that_is_killed_is_reported_and_comes_again()
    {
        await using var lab = await UpAsync();
        await Containers.RunAsync("kill", Name);
        await Poll.UntilAsync(
            () => lab.Error.Contains("nginx ended", StringComparison.Ordinal),
            "its end is reported",
            60
        );
        await Poll.UntilAsync(async () => await InspectAsync() == 0, "nginx staples again", 60);
    }

    [Fact, Trait("Ring", "long")]
    public async Task What_a_killed_lab_left_is_gone_with_the_next_one()
    {
        await using (var lab = await UpAsync())
        {
            lab.Kill();
            await lab.WaitAsync();
        }

        Assert.Equal(Name, await Containers.RunAsync("ps", "--format", "{{.Names}}", "--filter", $"name={Name}"));
        // The next one need not use a container itself.
        await using var next = new RunningProgram([
            "dotnet",
            Programs.Cli,
            "up",
            "--lab",
            Folder.Path,
            "--nginx",
            "off",
            "--for",
            "00:00:00.5",
            .. Options,
        ]);
        Assert.True(await next.WaitAsync(120) == 0, next.Error);
        await AssertNothingIsLeftAsync();
    }

    [Fact, Trait("Ring", "long")]
    public async Task A_terminal_that_is_closed_ends_the_lab_with_its_container()
    {
        await using var lab = await UpAsync();
        Assert.Equal(0, (await Tool.RunAsync("kill", "-HUP", $"{lab.Id}")).ExitCode);
        Assert.Equal(0, await lab.WaitAsync());
        await AssertNothingIsLeftAsync();
    }

    [Fact, Trait("Ring", "long")]
    public async Task Keep_in_a_container_beside_nginx_brings_it_a_revocation_and_comes_again_with_it()
    {
        Containers.Require();
        await Containers.BuildKeepImageAsync();
        var kept = ContainedNginx.NameOf(new LabTopology { Directory = Folder.Path }.NginxKeptDirectory);
        await using var lab = await UpAsync(Programs.KeepOptions(Ports));
        Assert.Equal(
            $"{kept}-keep",
            await Containers.RunAsync("ps", "--format", "{{.Names}}", "--filter", $"name={kept}-keep")
        );
        Assert.Equal(0, await InspectKeptAsync());
        Assert.Equal(0, (await OcspLabAsync("pki", "revoke", "echo")).ExitCode);
        await Poll.UntilAsync(async () => await InspectKeptAsync() == 1, "nginx-kept tells of it", 60);
        Assert.Equal(0, await InspectAsync());

        // It lives within nginx' process ids, and goes with them.
        await Containers.RunAsync("kill", kept);
        await Poll.UntilAsync(
            () => lab.Error.Contains("keep ended; it is started again", StringComparison.Ordinal),
            "keep comes again",
            60
        );
        Assert.Equal(0, (await OcspLabAsync("pki", "restore", "echo")).ExitCode);
        await Poll.UntilAsync(async () => await InspectKeptAsync() == 0, "nginx-kept is good again", 60);
        lab.Interrupt();
        Assert.Equal(0, await lab.WaitAsync());
        Assert.Equal("", await Containers.RunAsync("ps", "--all", "--quiet", "--filter", $"name={kept}"));
        await AssertNothingIsLeftAsync();

        async Task<int> InspectKeptAsync() =>
            (
                await Programs.OcspLabAsync("inspect", $"127.0.0.1:{Ports.NginxKept}", "--servername", "echocert.lab")
            ).ExitCode;
    }
}
