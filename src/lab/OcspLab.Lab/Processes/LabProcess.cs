using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OcspLab.Lab.Processes;

/// <summary>
/// A program that the lab runs as a child with a port of its own; what it says goes into a file. It can be killed, and
/// started as often as one likes.
/// </summary>
/// <param name="name">What people call it.</param>
/// <param name="command">Program and arguments.</param>
/// <param name="port">The port on loopback that it opens when it is ready.</param>
/// <param name="folder">Where it runs, and where <c>output.log</c> is.</param>
/// <param name="clock">The time.</param>
/// <param name="readiness">
/// A command that succeeds once it serves; null where its port is open only then.
/// </param>
/// <param name="environment">What it finds in its environment beside this process's, or null.</param>
internal sealed class LabProcess(
    string name,
    IReadOnlyList<string> command,
    int port,
    string folder,
    TimeProvider clock,
    IReadOnlyList<string>? readiness = null,
    IReadOnlyDictionary<string, string>? environment = null
) : IAsyncDisposable
{
    private readonly Lock _appending = new();
    private Process? _process;

    /// <summary>What people call it.</summary>
    public string Name => name;

    /// <summary>The port that it opens.</summary>
    public int Port => port;

    /// <summary>Its number, while it runs.</summary>
    public int? Id => _process?.Id;

    /// <summary>Why it is no longer there, or null while it is, or was never started.</summary>
    public string? Ending =>
        _process is { HasExited: true } process
            ? $"it ended with {process.ExitCode}: {LastLine() ?? "no message"}"
            : null;

    /// <summary>Starts it, and waits until it serves.</summary>
    /// <exception cref="LabException">It cannot be started, ended, or does not serve in time.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Begin();
        var started = clock.GetTimestamp();
        while (await FindObstacleAsync(cancellationToken).ConfigureAwait(false) is { } obstacle)
        {
            if (Ending is not null || clock.GetElapsedTime(started) >= StartTimeout)
            {
                var why = Ending ?? obstacle;
                // Whoever starts it again finds its port free.
                await KillAsync().ConfigureAwait(false);
                throw new LabException($"{name} does not serve on port {port}: {why}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Kills it, as a power failure would.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Asks it to end, and ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        using (process)
        {
            if (!process.HasExited)
                await ChildProcess.EndAsync(process, EndTimeout, clock, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Starts it; it may not listen yet.</summary>
    /// <exception cref="LabException">It cannot be started.</exception>
    public void Begin()
    {
        _process?.Dispose();
        _process = null;
        Directory.CreateDirectory(folder);
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        foreach (var (variable, value) in environment ?? new Dictionary<string, string>())
            start.Environment[variable] = value;
        try
        {
            _process = Process.Start(start) ?? throw new LabException($"{command[0]} cannot be started.");
        }
        catch (Win32Exception exception)
        {
            throw new LabException(
                $"{command[0]} cannot be started: {exception.Message}",
                LabFailure.Unavailable,
                exception
            );
        }

        WriteMark(_process.Id);
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <returns>Why it does not serve yet, or null where it does.</returns>
    private async Task<string?> FindObstacleAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket
                .ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            return exception.Message;
        }

        if (readiness is null)
            return null;
        var answer = await ChildProcess
            .RunAsync(readiness[0], readiness.Skip(1), folder, cancellationToken)
            .ConfigureAwait(false);
        return answer.ExitCode == 0 ? null : answer.Output.Trim();
    }

    /// <summary>The process that was started over a folder and still runs, or null.</summary>
    public static int? FindOver(string folder)
    {
        try
        {
            // Process ids come round again, starts do not.
            return
                File.ReadAllText(Path.Combine(folder, Mark)).Split(' ') is [var id, var start]
                && int.TryParse(id, CultureInfo.InvariantCulture, out var processId)
                && StartOf(processId) == start
                ? processId
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void WriteMark(int id)
    {
        try
        {
            File.WriteAllText(Path.Combine(folder, Mark), $"{id} {StartOf(id)}");
        }
        catch (IOException)
        {
            // It has ended already, or a disk is full: nobody finds it by its folder then.
        }
    }

    // proc_pid_stat(5): 22 is the start, in ticks since the machine's; the name in parentheses may hold anything.
    private static string StartOf(int id)
    {
        var text = File.ReadAllText($"/proc/{id}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ')[19];
    }

    private void Append(string? line)
    {
        if (line is null)
            return;
        try
        {
            lock (_appending)
                File.AppendAllText(Log, line + "\n");
        }
        catch (IOException)
        {
            // A last word, after the folder was deleted.
        }
    }

    private string? LastLine()
    {
        lock (_appending)
            return File.Exists(Log) ? File.ReadLines(Log).LastOrDefault(line => line.Trim().Length > 0)?.Trim() : null;
    }

    /// <summary>The name of the file with what it says.</summary>
    internal const string LogName = "output.log";

    private const string Mark = "pid";

    private string Log => Path.Combine(folder, LogName);

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);
}
