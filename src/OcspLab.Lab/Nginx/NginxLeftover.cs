using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace OcspLab.Lab;

/// <summary>The nginx that runs over a folder, whoever started it: a lab that was killed could not take it along.</summary>
public static class NginxLeftover
{
    /// <summary>Ends it, and waits until it is gone. Nothing happens when there is none.</summary>
    public static async Task EndAsync(string directory, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (ContainedNginx.FindMark(directory) is { } mark)
            await ContainerRuntime.Known(mark.Runtime).RemoveContainerAsync(mark.Name).ConfigureAwait(false);
        if (FindProcess(directory) is not { } processId)
            return;
        try
        {
            using var process = Process.GetProcessById(processId);
            await ChildProcess.EndAsync(process, NginxProcess.Patience, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            // Gone by now.
        }
    }

    /// <summary>Ends it and removes what its container left: before a lab starts, which may do without containers.</summary>
    public static async Task RemoveAsync(string directory, TimeProvider clock, CancellationToken cancellationToken)
    {
        await EndAsync(directory, clock, cancellationToken).ConfigureAwait(false);
        if (ContainedNginx.FindMark(directory) is not { } mark)
            return;
        await ContainerRuntime.Known(mark.Runtime).RemoveNetworkAsync(mark.Name).ConfigureAwait(false);
        ContainedNginx.RemoveMark(directory);
    }

    /// <summary>Asks it to end. A lab that watches it starts it again.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="LabException">Its container cannot be stopped.</exception>
    public static async Task<bool> AskToEndAsync(string directory, CancellationToken cancellationToken)
    {
        if (ContainedNginx.FindMark(directory) is { } mark)
        {
            await ContainerRuntime.Known(mark.Runtime).StopContainerAsync(mark.Name, cancellationToken).ConfigureAwait(false);
            return true;
        }

        return FindProcess(directory) is { } processId && ChildProcess.Signal(processId, PosixSignal.SIGTERM);
    }

    /// <summary>The process id of the nginx that runs over a folder on this machine, or null.</summary>
    public static int? FindProcess(string directory)
    {
        try
        {
            // Process ids come round again: only an nginx of this very folder is ours.
            return int.TryParse(File.ReadAllText(Path.Combine(directory, "nginx.pid")), CultureInfo.InvariantCulture, out var processId)
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
}
