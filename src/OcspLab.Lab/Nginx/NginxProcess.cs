using System.ComponentModel;
using System.Diagnostics;

namespace OcspLab.Lab;

/// <summary>nginx as a child of the lab; in a container the child is the runtime's client, which lives as long.</summary>
public sealed class NginxProcess : IAsyncDisposable
{
    private readonly INginxLauncher _launcher;
    private readonly string _directory;
    private readonly TimeProvider _clock;
    private readonly Lock _appending = new();
    private Process? _process;

    /// <summary>An nginx over the configuration in <paramref name="directory"/>.</summary>
    public NginxProcess(INginxLauncher launcher, string directory, TimeProvider clock)
    {
        _launcher = launcher;
        _directory = directory;
        _clock = clock;
    }

    /// <summary>Where this nginx comes from, for people.</summary>
    public string Origin => _launcher.Origin;

    /// <summary>True while the process runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Runs <c>nginx -t</c>.</summary>
    /// <returns>Its warnings.</returns>
    /// <exception cref="LabException">The configuration is refused, or nginx cannot be started.</exception>
    public static async Task<IReadOnlyList<string>> TestAsync(INginxLauncher launcher, string directory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(launcher);
        var command = launcher.Command("-t");
        try
        {
            var result = await ChildProcess.RunAsync(command[0], command.Skip(1), directory, cancellationToken).ConfigureAwait(false);
            var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (result.ExitCode == 0)
                return [.. lines.Where(line => line.Contains("[warn]", StringComparison.Ordinal) || line.Contains("[error]", StringComparison.Ordinal))];
            if (lines.FirstOrDefault(line => line.Contains("[emerg]", StringComparison.Ordinal)) is { } refusal)
                throw new LabException($"nginx refuses its configuration: {refusal}", ExitCodes.Configuration);
            throw new LabException($"nginx ({launcher.Origin}) cannot be run: {lines.LastOrDefault() ?? "no message"}");
        }
        catch (Win32Exception exception)
        {
            throw new LabException($"{command[0]} cannot be started: {exception.Message}", ExitCodes.Unreachable, exception);
        }
    }

    /// <summary>Starts nginx.</summary>
    /// <exception cref="LabException">It cannot be started.</exception>
    public void Start()
    {
        var command = _launcher.Command();
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = _directory };
        _process = Process.Start(start) ?? throw new LabException($"{command[0]} cannot be started.");
        // What nginx says before its error log is open; read, so that a full pipe never stops it.
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Ends nginx and waits until it is gone.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        using (process)
        {
            if (!process.HasExited)
                await ChildProcess.EndAsync(process, Patience, _clock, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Stops and starts: nginx forgets its staples.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await StopAsync().ConfigureAwait(false);
        await NginxLeftover.EndAsync(_directory, _clock, cancellationToken).ConfigureAwait(false);
        Start();
    }

    /// <summary>The last line of the log that says why nginx went, or null.</summary>
    public string? LastError() =>
        File.Exists(StandardErrorLog) ? File.ReadLines(StandardErrorLog).LastOrDefault(line => line.Contains("[emerg]", StringComparison.Ordinal) || line.Contains("[alert]", StringComparison.Ordinal)) : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _launcher.RemoveAsync().ConfigureAwait(false);
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
        catch (IOException)
        {
            // A full disk is no reason to end the lab; nginx's own logs will say more.
        }
    }

    private string StandardErrorLog => Path.Combine(_directory, "logs", "stderr.log");

    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
}
