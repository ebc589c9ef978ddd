using System.Diagnostics;
using OcspLab.Lab.Processes;

namespace OcspLab.Lab.Browsers;

/// <summary>A browser's process with a home and a profile of its own, both gone with it.</summary>
internal sealed class BrowserProcess : IAsyncDisposable
{
    private readonly string _home;
    private readonly Process _process;

    private BrowserProcess(string home, Process process)
    {
        _home = home;
        _process = process;
    }

    /// <summary>Makes the home, has it furnished, starts the browser.</summary>
    public static async Task<BrowserProcess> StartAsync(string program, Func<string, Task<string[]>> furnish)
    {
        var home = Directory.CreateTempSubdirectory("ocsplab-browser-").FullName;
        try
        {
            var start = new ProcessStartInfo(program, await furnish(home).ConfigureAwait(false))
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            start.Environment["HOME"] = home;
            var process = Process.Start(start) ?? throw new LabException($"{program} cannot be started.");
            // Read, so that a full pipe never stops it.
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            return new BrowserProcess(home, process);
        }
        catch
        {
            Directory.Delete(home, recursive: true);
            throw;
        }
    }

    /// <summary>
    /// Waits for a file that the browser writes when it listens, and reads the number on its first line.
    /// </summary>
    /// <exception cref="LabException">It ended, or did not come up in time.</exception>
    public async Task<int> ReadPortAsync(string name, TimeProvider clock, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_home, name);
        var started = clock.GetTimestamp();
        while (clock.GetElapsedTime(started) < StartTimeout && !_process.HasExited)
        {
            if (
                File.Exists(path)
                && (await File.ReadAllLinesAsync(path, cancellationToken).ConfigureAwait(false)) is [var line, ..]
                && int.TryParse(line, out var port)
            )
                return port;
            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken).ConfigureAwait(false);
        }

        throw new LabException(
            $"{_process.StartInfo.FileName} did not come up within {StartTimeout.TotalSeconds:0} s."
        );
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
        await ScratchFolder.DeleteAsync(_home, TimeProvider.System).ConfigureAwait(false);
    }

    // The first start on a slow machine makes caches and takes long.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
}
