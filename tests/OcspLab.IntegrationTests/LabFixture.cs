using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>
/// One lab for all: <c>ocsplab up</c> as a process of its own, in a folder of its own, on ports of its own.
/// </summary>
public sealed class LabFixture : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private RunningProgram? _lab;

    public LabPorts Ports { get; private set; } = new();

    public string Folder => _folder.Path;

    public string PkiFolder => _folder["pki"];

    public string Output => _lab!.Output;

    public string Error => _lab!.Error;

    public bool HasNginx => Output.Contains($"https://127.0.0.1:{Ports.Nginx}", StringComparison.Ordinal);

    public async ValueTask InitializeAsync()
    {
        (Ports, var options) = Programs.FreePorts();
        _lab = new RunningProgram(["dotnet", Programs.Cli, "up", "--lab", Folder, "--nginx", "process", .. options]);
        await Poll.UntilAsync(
            () => _lab.HasExited || _lab.Output.Contains("\nready", StringComparison.Ordinal),
            "the lab is ready",
            120
        );
        Assert.False(_lab.HasExited, _lab.Error);
    }

    public async ValueTask DisposeAsync()
    {
        await _lab!.DisposeAsync();
        _folder.Dispose();
    }

    public Task<ToolResult> OcspLabAsync(params string[] arguments) =>
        Programs.OcspLabAsync([.. arguments, "--lab", Folder]);

    /// <summary>curl's exit code when it insists on a good staple: 0 good, 91 anything else.</summary>
    public async Task<int> CurlAsync(int port) =>
        (
            await Tool.RunAsync(
                "curl",
                "-sS",
                "-o",
                "/dev/null",
                "--cert-status",
                "--cacert",
                Path.Combine(PkiFolder, "root_ca/CA/rsa_ca.crt"),
                "--resolve",
                $"echocert.lab:{port}:127.0.0.1",
                $"https://echocert.lab:{port}/"
            )
        ).ExitCode;

    public void RequireNginx() =>
        Assert.SkipUnless(HasNginx, "nginx is not installed and its package could not be unpacked");
}
