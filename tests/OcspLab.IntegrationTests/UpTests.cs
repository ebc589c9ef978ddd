using System.Text.Json;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>A lab comes up, says how it is, and goes.</summary>
public sealed class UpTests : UpBench
{
    [Fact]
    public async Task Ctrl_c_leaves_no_process_and_no_port_behind()
    {
        await using var lab = new RunningProgram(["dotnet", Programs.Cli, .. QuickArguments(), "--nginx", "process"]);
        await Programs.ReadyAsync(lab);
        var nginx = NginxLeftover.FindProcess(Folder["nginx"]);
        lab.Interrupt();
        Assert.Equal(0, await lab.WaitAsync());
        Assert.All(Ports.All, port =>
            Assert.True(PortCheck.Refusal(port) is null, $"port {port.Number} of {port.Resource}")
        );
        if (nginx is { } processId)
            Assert.False(Directory.Exists($"/proc/{processId}"), "nginx is still there");
    }

    [Fact]
    public async Task The_apphost_comes_up_and_goes_down_by_itself()
    {
        await using var host = new RunningProgram([
            "dotnet",
            Programs.AppHost,
            "--lab",
            Folder.Path,
            "--for",
            "00:00:02",
            .. Options,
        ]);
        Assert.Equal(0, await host.WaitAsync(120));
        Assert.Contains("\nready", host.Output, StringComparison.Ordinal);
        foreach (var resource in (string[])["pki", "dns", "responder", "kestrel", "kestrel-builtin", "nginx"])
            Assert.Contains(host.Output.Split('\n'), line =>
                line.TrimStart().StartsWith(resource + " ", StringComparison.Ordinal)
            );
    }

    [Fact]
    public async Task After_a_kill_the_next_lab_ends_the_nginx_that_was_left()
    {
        await using (var lab = new RunningProgram(["dotnet", Programs.Cli, .. QuickArguments(), "--nginx", "process"]))
        {
            await Programs.ReadyAsync(lab);
            Assert.SkipUnless(
                lab.Output.Contains($"https://127.0.0.1:{Ports.Nginx}", StringComparison.Ordinal),
                "nginx is not installed and its package could not be unpacked"
            );
            lab.Kill();
            await lab.WaitAsync();
        }

        var left = NginxLeftover.FindProcess(Folder["nginx"]);
        Assert.NotNull(left);
        await using var next = new RunningProgram([
            "dotnet",
            Programs.Cli,
            .. QuickArguments(),
            "--nginx",
            "off",
            "--for",
            "00:00:01",
        ]);
        Assert.True(await next.WaitAsync(120) == 0, next.Error);
        Assert.False(Directory.Exists($"/proc/{left}"), "the old nginx is still there");
    }

    [Fact]
    public async Task Events_for_scripts_are_one_json_document_a_line()
    {
        var result = await Programs.OcspLabAsync([
            .. QuickArguments(),
            "--nginx",
            "off",
            "--json",
            "--for",
            "00:00:01",
        ]);
        Assert.True(result.ExitCode == 0, result.Error);
        var events = result
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToArray();
        Assert.Equal(
            ["ready", "stopping", "stopped"],
            events
                .Select(@event => @event.GetProperty("event").GetString())
                .Where(name => name is not ("resource" or "message"))
        );
        var last = events
            .Where(@event => @event.GetProperty("event").GetString() == "resource")
            .GroupBy(@event => @event.GetProperty("name").GetString())
            .ToDictionary(group => group.Key!, group => group.Last().GetProperty("state").GetString());
        Assert.All(LabTopology.Resources, name =>
            Assert.Equal(name == LabTopology.Nginx ? "off" : "ready", last[name])
        );
    }

    [Fact]
    public async Task What_a_container_left_does_not_stop_a_lab_where_its_runtime_is_gone()
    {
        Directory.CreateDirectory(Folder["nginx"]);
        await File.WriteAllTextAsync(
            Folder["nginx/container"],
            "docker\nocsplab-nginx-00000000\n",
            TestContext.Current.CancellationToken
        );
        using var empty = new TempFolder();
        await using var lab = new RunningProgram([
            "env",
            $"PATH={empty.Path}",
            DotnetPath(),
            Programs.Cli,
            .. QuickArguments(),
            "--nginx",
            "off",
            "--for",
            "00:00:01",
        ]);
        Assert.True(await lab.WaitAsync(120) == 0, lab.Error);
        // It may come back, and then what is left is to be removed.
        Assert.True(File.Exists(Folder["nginx/container"]));
    }

    [Fact]
    public async Task What_no_longer_does_what_it_is_for_is_reported_and_what_does_again_too()
    {
        await using var lab = new RunningProgram(["dotnet", Programs.Cli, .. QuickArguments(), "--nginx", "off"]);
        await Programs.ReadyAsync(lab);
        Assert.Equal("stopped", (await Programs.OcspLabAsync("responder", "stop", "--lab", Folder.Path)).Output.Trim());
        await Poll.UntilAsync(
            () =>
                lab.Error.Contains("responder: degraded, its OCSP port is closed on purpose", StringComparison.Ordinal),
            "the closed port is reported"
        );
        Assert.Equal(
            "started",
            (await Programs.OcspLabAsync("responder", "start", "--lab", Folder.Path)).Output.Trim()
        );
        await Poll.UntilAsync(
            () => lab.Error.Contains("responder: ready", StringComparison.Ordinal),
            "the open port is reported"
        );
        await Programs.OcspLabAsync("responder", "fault", "badSignature", "--lab", Folder.Path);
        await Poll.UntilAsync(
            () => lab.Error.Contains("misbehaves on purpose: badSignature", StringComparison.Ordinal),
            "the fault is reported"
        );
    }

    [Fact]
    public async Task Without_an_ocsp_url_the_lab_runs_and_says_that_nothing_is_stapled()
    {
        var result = await Programs.OcspLabAsync([.. QuickArguments(), "--ocsp-url", "none", "--for", "00:00:01"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("not stapled; this project's stapling", result.Output, StringComparison.Ordinal);
        Assert.Contains(
            "names no OCSP responder",
            await File.ReadAllTextAsync(Folder["logs/kestrel.log"], TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        if (result.Output.Contains($"https://127.0.0.1:{Ports.Nginx}", StringComparison.Ordinal))
            Assert.Contains(
                "\"ssl_stapling\" ignored, no OCSP responder URL in the certificate",
                result.Error,
                StringComparison.Ordinal
            );
    }
}
