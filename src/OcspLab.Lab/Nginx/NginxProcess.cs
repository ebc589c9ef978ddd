using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace OcspLab.Lab;

/// <summary>nginx as a child of the lab.</summary>
public sealed class NginxProcess : IAsyncDisposable
{
    private readonly NginxBinary _binary;
    private readonly HostsView _view;
    private readonly string _directory;
    private readonly TimeProvider _clock;
    private readonly Lock _appending = new();
    private Process? _process;

    /// <summary>An nginx over the configuration in <paramref name="directory"/>.</summary>
    public NginxProcess(NginxBinary binary, HostsView view, string directory, TimeProvider clock)
    {
        _binary = binary;
        _view = view;
        _directory = directory;
        _clock = clock;
    }

    /// <summary>The command line, ready to be pasted.</summary>
    public IReadOnlyList<string> Command(params string[] more) =>
        _view.Wrap(Path.Combine(_directory, "hosts"), [_binary.Path, "-p", _directory + "/", "-c", Path.Combine(_directory, "nginx.conf"), "-e", "stderr", .. more]);

    /// <summary>True while the process runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Runs <c>nginx -t</c>.</summary>
    /// <returns>Its warnings.</returns>
    /// <exception cref="LabException">The configuration is refused.</exception>
    public async Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken)
    {
        var command = Command("-t");
        try
        {
            var result = await ChildProcess.RunAsync(command[0], command.Skip(1), _directory, cancellationToken).ConfigureAwait(false);
            var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (result.ExitCode != 0)
                throw new LabException($"nginx refuses its configuration: {lines.FirstOrDefault(line => line.Contains("[emerg]", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "no message"}", ExitCodes.Configuration);
            return [.. lines.Where(line => line.Contains("[warn]", StringComparison.Ordinal) || line.Contains("[error]", StringComparison.Ordinal))];
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
        var command = Command();
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
                await EndAsync(process, _clock, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Stops and starts: nginx forgets its staples.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await StopAsync().ConfigureAwait(false);
        await EndLeftoverAsync(_directory, _clock, cancellationToken).ConfigureAwait(false);
        Start();
    }

    /// <summary>The last line of the log that says why nginx went, or null.</summary>
    public string? LastError() =>
        File.Exists(StandardErrorLog) ? File.ReadLines(StandardErrorLog).LastOrDefault(line => line.Contains("[emerg]", StringComparison.Ordinal) || line.Contains("[alert]", StringComparison.Ordinal)) : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private static async Task EndAsync(Process process, TimeProvider clock, CancellationToken cancellationToken)
    {
        ChildProcess.Signal(process.Id, PosixSignal.SIGTERM);
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the nginx that a killed lab left behind in a folder.</summary>
    public static async Task EndLeftoverAsync(string directory, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (FindRunning(directory) is not { } processId)
            return;
        try
        {
            using var process = Process.GetProcessById(processId);
            await EndAsync(process, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            // Gone by now.
        }
    }

    /// <summary>The process id of the nginx that runs over a folder, or null.</summary>
    public static int? FindRunning(string directory)
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

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
}
