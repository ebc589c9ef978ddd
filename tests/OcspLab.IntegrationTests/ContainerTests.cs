using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>nginx in a real container does what it does elsewhere.</summary>
public sealed class ContainerTests(ContainerFixture containers)
    : ContainerBench(containers),
        IClassFixture<ContainerFixture>
{
    [Fact]
    public async Task It_staples_good_after_asking_the_labs_name_server_from_inside()
    {
        await using var lab = await UpAsync();
        Assert.Equal(0, await InspectAsync());
        Assert.Equal(Name, await Containers.RunAsync("ps", "--format", "{{.Names}}", "--filter", $"name={Name}"));

        // The question came over the bridge, and so was answered with the bridge's address.
        var gateway = (await Containers.RunAsync("exec", Name, "cat", "/etc/hosts"))
            .Split('\n')
            .First(line => line.Contains(LabTopology.ResponderHost, StringComparison.Ordinal))
            .Split(default(char[]), 2)[0];
        Assert.Contains(
            $"{LabTopology.ResponderHost} A → {gateway}",
            await File.ReadAllTextAsync(Folder["logs/dns.log"], TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.NotEqual("127.0.0.1", gateway);

        // The article's own paths, and nothing of the lab can be changed from inside but the logs.
        Assert.NotEqual(
            0,
            (
                await Tool.RunAsync(
                    Containers.Runtime,
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
            await Containers.RunAsync("exec", Name, "cat", "/etc/nginx/conf.d/echocert.conf"),
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

    [Fact]
    public async Task A_folder_that_no_container_can_be_given_is_said_so_and_auto_does_without()
    {
        Containers.Require();
        var folder = Folder["a,b"];
        var refused = await Programs.OcspLabAsync(["up", "--lab", folder, "--nginx", "container", .. Options]);
        Assert.Equal(69, refused.ExitCode);
        Assert.Contains("a path with a comma", refused.Error, StringComparison.Ordinal);
        var automatic = await Programs.OcspLabAsync(["up", "--lab", folder, "--for", "00:00:01", .. Options]);
        Assert.True(automatic.ExitCode == 0, automatic.Error);
        Assert.Contains("not in a container, because", automatic.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_cannot_be_had_is_said_so_with_the_way_to_make_one()
    {
        Containers.Require();
        var up = await OcspLabAsync([
            "up",
            "--nginx",
            "container",
            "--nginx-image",
            "localhost/ocsplab-nobody-has-this:1",
            .. Options,
        ]);
        Assert.Equal(69, up.ExitCode);
        Assert.Contains("localhost/ocsplab-nobody-has-this:1", up.Error, StringComparison.Ordinal);
        Assert.Contains("eng/nginx-image/build", up.Error, StringComparison.Ordinal);
    }

    [Fact, Trait("Ring", "long")]
    public async Task A_newer_release_of_nginx_does_the_same()
    {
        const string suite = "sid";
        Containers.Require();
        var image = $"{ContainedNginx.LocalImage}:{suite}";
        var build = await Tool.RunAsync(
            "bash",
            Path.Combine(Repository.Root, "eng/nginx-image/build"),
            "--runtime",
            Containers.Runtime,
            "--suite",
            suite
        );
        Assert.SkipWhen(build.ExitCode != 0, $"nginx of {suite} could not be had: {build.Error}");
        await using var lab = await UpAsync("--nginx-image", image);
        Assert.Equal(0, await InspectAsync());
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

    private string NginxLog() =>
        File.ReadAllText(Folder["nginx/logs/error.log"]) + File.ReadAllText(Folder["nginx/logs/echocert_error.log"]);
}
