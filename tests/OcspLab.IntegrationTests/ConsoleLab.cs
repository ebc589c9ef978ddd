using System.Text.RegularExpressions;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>A lab with its console, and the address that it has printed.</summary>
public sealed partial class ConsoleLab : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private ConsoleLab(RunningProgram program, LabPorts ports, TempFolder folder) =>
        (Program, Ports, _folder) = (program, ports, folder);

    public RunningProgram Program { get; }

    public LabPorts Ports { get; }

    /// <summary>The address that lets a browser in.</summary>
    public Uri Address => new(Printed().Match(Program.Error).Value);

    public string Folder => _folder.Path;

    public static async Task<ConsoleLab> StartAsync(bool keep = false, string nginx = "process", int fleet = 0)
    {
        var folder = new TempFolder();
        var (ports, options) = Programs.FreePorts();
        var program = new RunningProgram([
            "dotnet",
            Programs.Cli,
            "up",
            "--lab",
            folder.Path,
            "--nginx",
            nginx,
            .. options,
            .. Programs.QuickKeys,
            .. keep ? Programs.KeepOptions(ports) : [],
            .. fleet > 0 ? Programs.FleetOptions(fleet) : [],
        ]);
        await Programs.ReadyAsync(program);
        return new ConsoleLab(program, ports, folder);
    }

    public Task<ToolResult> OcspLabAsync(params string[] arguments) =>
        Programs.OcspLabAsync([.. arguments, "--lab", _folder.Path]);

    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/login\?token=\w+")]
    private static partial Regex Printed();
}
