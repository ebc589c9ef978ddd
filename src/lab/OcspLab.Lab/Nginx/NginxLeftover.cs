using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using OcspLab.Lab.Containers;
using OcspLab.Lab.Processes;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// The nginx that runs over a folder, whoever started it: a lab that was killed could not take it along.
/// </summary>
public static class NginxLeftover
{
    /// <summary>Ends it, and waits until it is gone. Nothing happens when there is none.</summary>
    public static async Task EndAsync(string directory, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (ContainedNginx.FindMark(directory) is { } mark)
            // The one that shares the other's process ids goes first; with it there, the other cannot be removed.
            await ContainerRuntime
                .Known(mark.Runtime, clock)
                .RemoveContainersAsync(mark.Name + ContainedNginx.KeeperSuffix, mark.Name)
                .ConfigureAwait(false);
        if (FindProcess(directory) is not { } processId)
            return;
        try
        {
            using var process = Process.GetProcessById(processId);
            await ChildProcess
                .EndAsync(process, NginxProcess.EndTimeout, clock, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            // Gone by now.
        }
    }

    /// <summary>
    /// Ends it and removes what its container left: before a lab starts, which may do without containers.
    /// </summary>
    public static async Task RemoveAsync(string directory, TimeProvider clock, CancellationToken cancellationToken)
    {
        WasWanted(directory);
        await EndAsync(directory, clock, cancellationToken).ConfigureAwait(false);
        if (ContainedNginx.FindMark(directory) is { } mark)
            await ContainedNginx
                .RemoveAsync(ContainerRuntime.Known(mark.Runtime, clock), mark.Name, directory)
                .ConfigureAwait(false);
    }

    /// <summary>Ends an nginx of a lab that watches it, and waits until the lab has started it again.</summary>
    /// <param name="directory">Its prefix.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LabException">
    /// There is none, its container cannot be stopped, or it does not come back.
    /// </exception>
    public static async Task RestartAsync(
        string directory,
        int port,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var former = FindProcess(directory);
        var container = ContainedNginx.FindMark(directory);
        if (container is null && former is null)
            throw new LabException($"No nginx of a lab runs in {directory}.");
        await File.WriteAllTextAsync(RestartMark(directory), "", cancellationToken).ConfigureAwait(false);
        if (container is { } mark)
            await ContainerRuntime
                .Known(mark.Runtime, clock)
                .StopContainerAsync(mark.Name, cancellationToken)
                .ConfigureAwait(false);
        else if (!ChildProcess.Signal(former!.Value, PosixSignal.SIGTERM))
        {
            WasWanted(directory);
            throw new LabException($"No nginx of a lab runs in {directory}.");
        }

        for (var started = clock.GetTimestamp(); clock.GetElapsedTime(started) < RestartTimeout; )
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken).ConfigureAwait(false);
            // While the old process lives, it is the old one that answers.
            if (
                (former is null || FindProcess(directory) is { } now && now != former)
                && await ListensAsync(port, cancellationToken).ConfigureAwait(false)
            )
                return;
        }

        throw new LabException(
            $"nginx ended and did not come back within {RestartTimeout.TotalSeconds:0} s; "
                + $"{Path.Combine(directory, "logs")} may say why."
        );
    }

    /// <summary>
    /// Whether the end of the nginx over a folder was wanted by a restart; true once each time.
    /// </summary>
    public static bool WasWanted(string directory)
    {
        if (!File.Exists(RestartMark(directory)))
            return false;
        File.Delete(RestartMark(directory));
        return true;
    }

    private static string RestartMark(string directory) => Path.Combine(directory, "restart-wanted");

    private static async Task<bool> ListensAsync(int port, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The process id of the nginx that runs over a folder on this machine, or null.</summary>
    public static int? FindProcess(string directory)
    {
        try
        {
            // Process ids come round again: only an nginx of this very folder is ours.
            return
                int.TryParse(
                    File.ReadAllText(Path.Combine(directory, "nginx.pid")),
                    CultureInfo.InvariantCulture,
                    out var processId
                )
                && File.ReadAllText($"/proc/{processId}/cmdline") is var commandLine
                && commandLine.Contains("nginx", StringComparison.Ordinal)
                && commandLine.Contains(directory, StringComparison.Ordinal)
                ? processId
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static readonly TimeSpan RestartTimeout = TimeSpan.FromSeconds(30);
}
