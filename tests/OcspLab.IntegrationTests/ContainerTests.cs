using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>nginx in a real container, on a network of its own.</summary>
public sealed class ContainerTests(ContainerFixture containers) : IClassFixture<ContainerFixture>, IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly (LabPorts Ports, string[] Options) _free = Programs.FreePorts();

    private LabPorts Ports => _free.Ports;

    private string Name => ContainedNginx.NameOf(new LabTopology { Directory = _folder.Path }.NginxDirectory);

    public async ValueTask DisposeAsync()
    {
        await containers.CleanAsync(Name);
        _folder.Dispose();
    }

    [Fact]
    public async Task It_staples_good_after_asking_the_labs_name_server_from_inside()
    {
        await using var lab = await UpAsync();
        Assert.Equal(0, await InspectAsync());
        Assert.Equal(Name, await containers.RunAsync("ps", "--format", "{{.Names}}", "--filter", $"name={Name}"));

        // The question came over the bridge, and so was answered with the bridge's address.
        var gateway = (await containers.RunAsync("exec", Name, "cat", "/etc/hosts"))
            .Split('\n')
            .First(line => line.Contains(LabTopology.ResponderHost, StringComparison.Ordinal))
            .Split(default(char[]), 2)[0];
        Assert.Contains(
            $"{LabTopology.ResponderHost} A → {gateway}",
            await File.ReadAllTextAsync(_folder["logs/dns.log"], TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.NotEqual("127.0.0.1", gateway);

        // The article's own paths, and nothing of the lab can be changed from inside but the logs.
        Assert.NotEqual(
            0,
            (
                await Tool.RunAsync(
                    containers.Runtime,
                    "exec",
                    Name,
                    "sh",
                    "-c",
                    "echo > /etc/nginx/ssl/echocert.lab/password.txt"
                )
            ).ExitCode
        );
        Assert.Contains(
            "resolver",
            await containers.RunAsync("exec", Name, "cat", "/etc/nginx/conf.d/echocert.conf"),
            StringComparison.Ordinal
        );
    }

    [Fact, Trait("Ring", "long")]
    public async Task It_keeps_good_when_revoked_and_withholds_after_a_restart()
    {
        await using var lab = await UpAsync();
        Assert.Equal(0, (await OcspLabAsync("pki", "revoke", "echo")).ExitCode);
        Assert.Equal(0, await InspectAsync());
        Assert.Equal("nginx restarted", (await OcspLabAsync("nginx", "restart")).Output.Trim());
        await Poll.UntilAsync(
            async () =>
                await InspectAsync() == 4
                && NginxLog().Contains("certificate status \"revoked\" in the OCSP response", StringComparison.Ordinal),
            "nginx withholds revoked",
            60
        );
        Assert.Equal(0, (await OcspLabAsync("pki", "restore", "echo")).ExitCode);
        Assert.Equal(0, (await OcspLabAsync("nginx", "restart")).ExitCode);
        await Poll.UntilAsync(async () => await InspectAsync() == 0, "nginx staples good again", 60);
    }

    [Fact, Trait("Ring", "long")]
    public async Task A_container_that_is_killed_is_reported_and_comes_again()
    {
        await using var lab = await UpAsync();
        await containers.RunAsync("kill", Name);
        await Poll.UntilAsync(
            () => lab.Error.Contains("nginx ended", StringComparison.Ordinal),
            "its end is reported",
            60
        );
        await Poll.UntilAsync(async () => await InspectAsync() == 0, "nginx staples again", 60);
    }

    [Fact]
    public async Task Nothing_is_left_after_ctrl_c()
    {
        await using var lab = await UpAsync();
        lab.Interrupt();
        Assert.Equal(0, await lab.WaitAsync());
        await AssertNothingIsLeftAsync();
    }

    [Fact, Trait("Ring", "long")]
    public async Task What_a_killed_lab_left_is_gone_with_the_next_one()
    {
        await using (var lab = await UpAsync())
        {
            lab.Kill();
            await lab.WaitAsync();
        }

        Assert.Equal(Name, await containers.RunAsync("ps", "--format", "{{.Names}}", "--filter", $"name={Name}"));
        // The next one need not use a container itself.
        await using var next = new RunningProgram([
            "dotnet",
            Programs.Cli,
            "up",
            "--lab",
            _folder.Path,
            "--nginx",
            "off",
            "--for",
            "00:00:00.5",
            .. _free.Options,
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
        containers.Require();
        await containers.BuildKeepImageAsync();
        var kept = ContainedNginx.NameOf(new LabTopology { Directory = _folder.Path }.NginxKeptDirectory);
        await using var lab = await UpAsync(Programs.KeepOptions(Ports));
        Assert.Equal(
            $"{kept}-keep",
            await containers.RunAsync("ps", "--format", "{{.Names}}", "--filter", $"name={kept}-keep")
        );
        Assert.Equal(0, await InspectKeptAsync());
        Assert.Equal(0, (await OcspLabAsync("pki", "revoke", "echo")).ExitCode);
        await Poll.UntilAsync(async () => await InspectKeptAsync() == 1, "nginx-kept tells of it", 60);
        Assert.Equal(0, await InspectAsync());

        // It lives within nginx' process ids, and goes with them.
        await containers.RunAsync("kill", kept);
        await Poll.UntilAsync(
            () => lab.Error.Contains("keep ended; it is started again", StringComparison.Ordinal),
            "keep comes again",
            60
        );
        Assert.Equal(0, (await OcspLabAsync("pki", "restore", "echo")).ExitCode);
        await Poll.UntilAsync(async () => await InspectKeptAsync() == 0, "nginx-kept is good again", 60);
        lab.Interrupt();
        Assert.Equal(0, await lab.WaitAsync());
        Assert.Equal("", await containers.RunAsync("ps", "--all", "--quiet", "--filter", $"name={kept}"));
        await AssertNothingIsLeftAsync();

        async Task<int> InspectKeptAsync() =>
            (
                await Programs.OcspLabAsync("inspect", $"127.0.0.1:{Ports.NginxKept}", "--servername", "echocert.lab")
            ).ExitCode;
    }

    [Fact]
    public async Task A_folder_that_no_container_can_be_given_is_said_so_and_auto_does_without()
    {
        containers.Require();
        var folder = _folder["a,b"];
        var refused = await Programs.OcspLabAsync(["up", "--lab", folder, "--nginx", "container", .. _free.Options]);
        Assert.Equal(69, refused.ExitCode);
        Assert.Contains("a path with a comma", refused.Error, StringComparison.Ordinal);
        var automatic = await Programs.OcspLabAsync(["up", "--lab", folder, "--for", "00:00:01", .. _free.Options]);
        Assert.True(automatic.ExitCode == 0, automatic.Error);
        Assert.Contains("not in a container, because", automatic.Error, StringComparison.Ordinal);
    }

    [Fact, Trait("Ring", "long")]
    public async Task Two_labs_run_side_by_side()
    {
        using var other = new TempFolder();
        var (ports, options) = Programs.FreePorts();
        await using var first = await UpAsync();
        await using var second = new RunningProgram([
            "dotnet",
            Programs.Cli,
            "up",
            "--lab",
            other.Path,
            "--nginx",
            "container",
            .. options,
        ]);
        await Programs.ReadyAsync(second);
        Assert.Equal(0, await InspectAsync());
        Assert.Equal(
            0,
            (
                await Programs.OcspLabAsync("inspect", $"127.0.0.1:{ports.Nginx}", "--servername", "echocert.lab")
            ).ExitCode
        );
    }

    [Fact]
    public async Task An_image_that_cannot_be_had_is_said_so_with_the_way_to_make_one()
    {
        containers.Require();
        var up = await OcspLabAsync([
            "up",
            "--nginx",
            "container",
            "--nginx-image",
            "localhost/ocsplab-nobody-has-this:1",
            .. _free.Options,
        ]);
        Assert.Equal(69, up.ExitCode);
        Assert.Contains("localhost/ocsplab-nobody-has-this:1", up.Error, StringComparison.Ordinal);
        Assert.Contains("eng/nginx-image/build", up.Error, StringComparison.Ordinal);
    }

    [Fact, Trait("Ring", "long")]
    public async Task A_newer_release_of_nginx_does_the_same()
    {
        const string suite = "sid";
        containers.Require();
        var image = $"{ContainedNginx.LocalImage}:{suite}";
        var build = await Tool.RunAsync(
            "bash",
            Path.Combine(Repository.Root, "eng/nginx-image/build"),
            "--runtime",
            containers.Runtime,
            "--suite",
            suite
        );
        Assert.SkipWhen(build.ExitCode != 0, $"nginx of {suite} could not be had: {build.Error}");
        await using var lab = await UpAsync("--nginx-image", image);
        Assert.Equal(0, await InspectAsync());
    }

    private async Task<RunningProgram> UpAsync(params string[] options)
    {
        containers.Require();
        var lab = new RunningProgram([
            "dotnet",
            Programs.Cli,
            "up",
            "--lab",
            _folder.Path,
            "--nginx",
            "container",
            .. _free.Options,
            .. options,
        ]);
        await Programs.ReadyAsync(lab);
        return lab;
    }

    private async Task AssertNothingIsLeftAsync()
    {
        Assert.Equal(
            "",
            await containers.RunAsync("ps", "--all", "--format", "{{.Names}}", "--filter", $"name={Name}")
        );
        Assert.DoesNotContain(
            Name,
            await containers.RunAsync("network", "ls", "--format", "{{.Name}}"),
            StringComparison.Ordinal
        );
    }

    private Task<ToolResult> OcspLabAsync(params string[] arguments) =>
        Programs.OcspLabAsync([.. arguments, "--lab", _folder.Path]);

    private async Task<int> InspectAsync() =>
        (await Programs.OcspLabAsync("inspect", $"127.0.0.1:{Ports.Nginx}", "--servername", "echocert.lab")).ExitCode;

    private string NginxLog() =>
        File.ReadAllText(_folder["nginx/logs/error.log"]) + File.ReadAllText(_folder["nginx/logs/echocert_error.log"]);
}
