using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using OcspLab.Lab.Processes;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// nginx as a child of the lab; in a container the child is the runtime's client, which lives as long.
/// </summary>
public sealed partial class NginxProcess : IAsyncDisposable
{
    private readonly INginxLauncher _launcher;
    private readonly string _directory;
    private readonly TimeProvider _clock;
    private readonly Lock _appending = new();

    // Start, stop and restart one at a time: the watch and a person may want the same.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentDictionary<string, long> _logLengths = new(StringComparer.Ordinal);
    private volatile Running? _running;
    private bool _isDisposed;

    /// <summary>An nginx over the configuration in <paramref name="directory"/>.</summary>
    public NginxProcess(INginxLauncher launcher, string directory, TimeProvider clock)
    {
        _launcher = launcher;
        _directory = directory;
        _clock = clock;
    }

    /// <summary>Where this nginx comes from, for people.</summary>
    public string Origin => _launcher.Origin;

    /// <summary>
    /// True when it was started and ended by itself; false while it is being stopped or started on purpose.
    /// </summary>
    public bool HasEnded => _running is { Exit.IsCompleted: true };

    /// <summary>Runs <c>nginx -t</c>.</summary>
    /// <returns>Its warnings.</returns>
    /// <exception cref="LabException">The configuration is refused, or nginx cannot be started.</exception>
    public static async Task<IReadOnlyList<string>> TestAsync(
        INginxLauncher launcher,
        string directory,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(launcher);
        var command = launcher.Command("-t");
        try
        {
            var result = await ChildProcess
                .RunAsync(command[0], command.Skip(1), directory, cancellationToken)
                .ConfigureAwait(false);
            var lines = result.Error.Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            );
            if (result.ExitCode == 0)
                return
                [
                    .. lines.Where(line =>
                        line.Contains("[warn]", StringComparison.Ordinal)
                        || line.Contains("[error]", StringComparison.Ordinal)
                    ),
                ];
            if (lines.FirstOrDefault(line => line.Contains("[emerg]", StringComparison.Ordinal)) is { } refusal)
                throw new LabException($"nginx refuses its configuration: {refusal}", LabFailure.Configuration);
            throw new LabException($"nginx ({launcher.Origin}) cannot be run: {lines.LastOrDefault() ?? "no message"}");
        }
        catch (Win32Exception exception)
        {
            throw new LabException(
                $"{command[0]} cannot be started: {exception.Message}",
                LabFailure.Unavailable,
                exception
            );
        }
    }

    /// <summary>Starts nginx. Nothing happens after <see cref="DisposeAsync"/>.</summary>
    /// <exception cref="LabException">It cannot be started.</exception>
    public Task StartAsync(CancellationToken cancellationToken) => ExclusivelyAsync(Start, cancellationToken);

    /// <summary>Stops and starts: nginx forgets its staples.</summary>
    /// <exception cref="LabException">It cannot be started.</exception>
    public Task RestartAsync(CancellationToken cancellationToken) =>
        ExclusivelyAsync(() => RestartAsync(_running, cancellationToken), cancellationToken);

    /// <summary>Starts it again when it has ended by itself.</summary>
    /// <exception cref="LabException">It cannot be started.</exception>
    public Task ReviveAsync(CancellationToken cancellationToken) =>
        ExclusivelyAsync(
            () => HasEnded ? RestartAsync(_running, cancellationToken) : Task.CompletedTask,
            cancellationToken
        );

    /// <summary>The last line of the log that says why nginx went, or null.</summary>
    public string? LastError() =>
        File.Exists(StandardErrorLog)
            ? File.ReadLines(StandardErrorLog)
                .LastOrDefault(line =>
                    line.Contains("[emerg]", StringComparison.Ordinal)
                    || line.Contains("[alert]", StringComparison.Ordinal)
                )
            : null;

    /// <summary>
    /// What nginx has said of OCSP in its error logs since it was started, the last of it, without time and numbers; or
    /// null.
    /// </summary>
    public string? LastOcspError()
    {
        try
        {
            var line = ErrorLogs()
                .OrderBy(File.GetLastWriteTimeUtc)
                .SelectMany(log => ReadEnd(log, _logLengths.GetValueOrDefault(log)))
                .LastOrDefault(line => line.Contains("OCSP", StringComparison.Ordinal));
            return line is null ? null : LogPrefix().Replace(line, "").Split(" while ")[0];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody is worse off for it.
            return null;
        }
    }

    private string[] ErrorLogs()
    {
        var logs = Path.Combine(_directory, "logs");
        return Directory.Exists(logs) ? Directory.GetFiles(logs, "*error.log") : [];
    }

    private static string[] ReadEnd(string path, long from)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Max(Math.Min(from, file.Length), file.Length - MostRead);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().Split('\n');
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            _isDisposed = true;
            await StopAsync(_running).ConfigureAwait(false);
            await _launcher.RemoveAsync().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task ExclusivelyAsync(Func<Task> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isDisposed)
                await change().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task RestartAsync(Running? running, CancellationToken cancellationToken)
    {
        await StopAsync(running).ConfigureAwait(false);
        await NginxLeftover.EndAsync(_directory, _clock, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await Start().ConfigureAwait(false);
    }

    private Task Start()
    {
        foreach (var log in ErrorLogs())
            _logLengths[log] = new FileInfo(log).Length;
        var command = _launcher.Command();
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = _directory,
        };
        try
        {
            var process = Process.Start(start)!;
            // What nginx says before its error log is open; read, so that a full pipe never stops it.
            process.ErrorDataReceived += (_, line) => Append(line.Data);
            process.OutputDataReceived += (_, line) => Append(line.Data);
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            _running = new Running(process, process.WaitForExitAsync(CancellationToken.None));
            return Task.CompletedTask;
        }
        catch (Win32Exception exception)
        {
            throw new LabException(
                $"{command[0]} cannot be started: {exception.Message}",
                LabFailure.Unavailable,
                exception
            );
        }
    }

    private async Task StopAsync(Running? running)
    {
        _running = null;
        if (running is null)
            return;
        using var process = running.Process;
        if (!running.Exit.IsCompleted)
            await ChildProcess.EndAsync(process, EndTimeout, _clock, CancellationToken.None).ConfigureAwait(false);
        await running.Exit.ConfigureAwait(false);
    }

    private void Append(string? line)
    {
        if (line is null)
            return;
        try
        {
            lock (_appending)
                File.AppendAllText(StandardErrorLog, line + "\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason to end the lab; nginx's own logs will say more.
        }
    }

    // Date, time, level, process and thread, and the connection where there is one.
    [GeneratedRegex(@"^\S+ \S+ \[\w+\] \d+#\d+: (\*\d+ )?")]
    private static partial Regex LogPrefix();

    private string StandardErrorLog => Path.Combine(_directory, "logs", "stderr.log");

    private sealed record Running(Process Process, Task Exit);

    private const int MostRead = 64 * 1024;
    internal static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);
}
