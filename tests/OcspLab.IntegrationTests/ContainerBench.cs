using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>A lab with its nginx in a real container, on a network of its own.</summary>
public abstract class ContainerBench(ContainerFixture containers) : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly (LabPorts Ports, string[] Options) _free = Programs.FreePorts();

    internal ContainerFixture Containers => containers;

    internal TempFolder Folder => _folder;

    internal LabPorts Ports => _free.Ports;

    /// <summary>The ports, as options.</summary>
    internal string[] Options => _free.Options;

    /// <summary>The container's.</summary>
    internal string Name => ContainedNginx.NameOf(new LabTopology { Directory = _folder.Path }.NginxDirectory);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await containers.CleanAsync(Name);
        _folder.Dispose();
    }

    internal async Task<RunningProgram> UpAsync(params string[] options)
    {
        Containers.Require();
        var lab = new RunningProgram([
            "dotnet",
            Programs.Cli,
            "up",
            "--lab",
            Folder.Path,
            "--nginx",
            "container",
            .. Options,
            .. Programs.QuickKeys,
            .. options,
        ]);
        await Programs.ReadyAsync(lab);
        return lab;
    }

    internal async Task AssertNothingIsLeftAsync()
    {
        Assert.Equal(
            "",
            await Containers.RunAsync("ps", "--all", "--format", "{{.Names}}", "--filter", $"name={Name}")
        );
        Assert.DoesNotContain(
            Name,
            await Containers.RunAsync("network", "ls", "--format", "{{.Name}}"),
            StringComparison.Ordinal
        );
    }

    internal Task<ToolResult> OcspLabAsync(params string[] arguments) =>
        Programs.OcspLabAsync([.. arguments, "--lab", Folder.Path]);

    internal async Task<int> InspectAsync() =>
        (await Programs.OcspLabAsync("inspect", $"127.0.0.1:{Ports.Nginx}", "--servername", "echocert.lab")).ExitCode;
}
