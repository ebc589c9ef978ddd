using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using OcspLab.Lab.Containers;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Keeping;

/// <summary>
/// <c>keep</c> in a container beside nginx's: they share the folder of the staple, the network, and the process ids,
/// so that it can tell nginx to reload and needs nothing of the container runtime.
/// </summary>
internal sealed class ContainedKeeper(
    LabTopology topology,
    ContainerRuntime runtime,
    IPAddress gateway,
    TimeProvider clock
) : ILabKeeper
{
    /// <summary>The image that <c>eng/keep-image/build</c> makes.</summary>
    public const string Image = "ocsplab-keep";

    private readonly Lock _writing = new();
    private Process? _process;
    private bool _isWanted;

    /// <inheritdoc/>
    public string Origin => $"{Image} in {runtime.Program}, beside nginx";

    /// <inheritdoc/>
    /// <remarks>It goes with the nginx whose process ids it shares.</remarks>
    public bool HasEnded => _isWanted && _process is not { HasExited: false };

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var settings = new KeepSettings($"{gateway}:{topology.Ports.Dns}", $"0.0.0.0:{topology.Ports.Keep}", Reload);
        await File.WriteAllTextAsync(ConfigurationFile, settings.ToJson(topology).ToJsonString(), cancellationToken)
            .ConfigureAwait(false);
        var result = await ChildProcess
            .RunAsync(runtime.Program, Command([], "--once"), null, cancellationToken)
            .ConfigureAwait(false);
        // Without a staple yet nginx starts all the same; keep says later why there is none.
        if (result.ExitCode >= CannotBeRun)
            throw new LabException(
                $"{runtime.Program}: keep cannot be run: {result.Error.Trim().Split('\n').LastOrDefault()}"
            );
    }

    /// <inheritdoc/>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        _isWanted = true;
        await StopAsync().ConfigureAwait(false);
        // The runtime would start it itself, and nobody would look after it.
        if (!await runtime.IsRunningAsync(NginxName, cancellationToken).ConfigureAwait(false))
            throw new LabException($"{LabTopology.Keep} waits for {LabTopology.NginxKept}");
        var command = Command([
            "--name",
            ContainerName,
            "--pid",
            $"container:{NginxName}",
            "--publish",
            $"127.0.0.1:{topology.Ports.Keep}:{topology.Ports.Keep}",
        ]);
        Process process;
        try
        {
            process = Process.Start(
                new ProcessStartInfo(runtime.Program, command)
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    RedirectStandardInput = true,
                }
            )!;
        }
        catch (Win32Exception exception)
        {
            throw new LabException($"{runtime.Program}: {exception.Message}", LabFailure.Unavailable, exception);
        }

        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _isWanted = false;
        return new ValueTask(StopAsync());
    }

    private async Task StopAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        if (!process.HasExited)
            await ChildProcess.EndAsync(process, EndTimeout, clock, CancellationToken.None).ConfigureAwait(false);
        await runtime.RemoveContainersAsync(ContainerName).ConfigureAwait(false);
        process.Dispose();
    }

    private List<string> Command(string[] options, params string[] arguments) =>
        [
            "run",
            "--rm",
            "--pull",
            "never",
            "--network",
            ContainedNginx.NetworkOf(NginxSite.KeptOf(topology)),
            "--security-opt",
            "label=disable",
            // To write where the lab's owner may, and to signal nginx.
            "--cap-drop",
            "ALL",
            "--cap-add",
            "DAC_OVERRIDE",
            "--cap-add",
            "KILL",
            .. options,
            .. (
                (ContainerMount[])
                    [
                        new(KeepSettings.CertificateOf(topology), KeepSettings.CertificateOf(topology)),
                        new(topology.KeepDirectory, topology.KeepDirectory, IsReadOnly: false),
                    ]
            ).SelectMany(mount => (string[])["--mount", ContainedNginx.Describe(mount)]),
            Image,
            "keep",
            "--config",
            ConfigurationFile,
            .. arguments,
        ];

    private void Write(string? line)
    {
        if (line is null)
            return;
        try
        {
            lock (_writing)
                File.AppendAllText(Path.Combine(topology.LogDirectory, $"{LabTopology.Keep}.log"), line + "\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason to end the lab.
        }
    }

    private string NginxName => ContainedNginx.NameOf(topology.NginxKeptDirectory);
    private string ContainerName => NginxName + ContainedNginx.KeeperSuffix;
    private string ConfigurationFile => Path.Combine(topology.KeepDirectory, "keep.json");

    // nginx is the first process of those that share its process ids; before it runs, keep is alone.
    private const string Reload = "test \"$(cat /proc/1/comm)\" != nginx || kill -HUP 1";

    // Below it are keep's own words about staples.
    private const int CannotBeRun = 64;
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);
}
