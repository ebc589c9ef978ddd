using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OcspLab.Lab;
using OcspLab.Lab.Processes;

namespace OcspLab.Comparison.Servers;

/// <summary>One server, running in a place of its own; started as often as one likes.</summary>
internal sealed class ServerProcess(IStaplingServer server, ServerPlace place, TimeProvider clock) : IAsyncDisposable
{
    private readonly Lock _log = new();
    private IReadOnlyList<string> _command = [];
    private Process? _process;

    /// <summary>Where it runs.</summary>
    public ServerPlace Place => place;

    /// <summary>Why it is no longer there, or null while it is, or was never started.</summary>
    public string? Ending =>
        _process is { HasExited: true } process
            ? $"it ended with {process.ExitCode}: {LastLine() ?? "no message"}"
            : null;

    /// <summary>Writes its configuration.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(place.Folder);
        _command = await server.PrepareAsync(place, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts it; it may not listen yet.</summary>
    /// <exception cref="LabException">It cannot be started.</exception>
    public void Start()
    {
        var start = new ProcessStartInfo(_command[0], _command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = place.Folder,
        };
        _process = Process.Start(start) ?? throw new LabException($"{_command[0]} cannot be started.");
        DataReceivedEventHandler write = (_, line) =>
        {
            if (line.Data is null)
                return;
            try
            {
                lock (_log)
                    File.AppendAllText(Log, line.Data + "\n");
            }
            catch (IOException)
            {
                // A last word, after the folder was deleted.
            }
        };
        _process.OutputDataReceived += write;
        _process.ErrorDataReceived += write;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>
    /// Prepares and starts it, and waits until its port is open. Nobody shakes hands with it for that.
    /// </summary>
    /// <exception cref="LabException">It ended, or the port stayed closed.</exception>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        Start();
        var started = clock.GetTimestamp();
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket
                    .ConnectAsync(new IPEndPoint(IPAddress.Loopback, place.Port), cancellationToken)
                    .ConfigureAwait(false);
                return;
            }
            catch (SocketException) when (Ending is null && clock.GetElapsedTime(started) < StartTimeout)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException exception)
            {
                throw new LabException(
                    $"{server.Name} does not listen on port {place.Port}: {Ending ?? exception.Message}"
                );
            }
        }
    }

    /// <summary>Ends it and starts it again.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await EndAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        Start();
    }

    /// <summary>The processor time of it and of its children, ended ones included.</summary>
    /// <remarks>From <c>/proc</c>, in the kernel's clock ticks of 10 ms.</remarks>
    public TimeSpan ReadProcessorTime()
    {
        var processes = Directory
            .EnumerateDirectories("/proc")
            .Select(path => Path.GetFileName(path))
            .Where(name => char.IsAsciiDigit(name[0]))
            .Select(ReadStat)
            .OfType<Stat>()
            .ToLookup(stat => stat.Parent);
        long ticks = 0;
        var family = new Queue<int>([_process!.Id]);
        ticks += ReadStat(_process.Id.ToString(CultureInfo.InvariantCulture))?.Ticks ?? 0;
        while (family.TryDequeue(out var parent))
        {
            foreach (var child in processes[parent])
            {
                ticks += child.Ticks;
                family.Enqueue(child.Id);
            }
        }

        return TimeSpan.FromMilliseconds(ticks * 10);
    }

    /// <summary>Ends it.</summary>
    public async Task EndAsync()
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

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync().ConfigureAwait(false);

    private string? LastLine()
    {
        lock (_log)
            return File.Exists(Log) ? File.ReadLines(Log).LastOrDefault(line => line.Trim().Length > 0)?.Trim() : null;
    }

    // proc_pid_stat(5): the name in parentheses may hold anything, so everything is counted from its end; 4 is the
    // parent, 14 to 17 the times.
    private static Stat? ReadStat(string process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new Stat(
                int.Parse(process, CultureInfo.InvariantCulture),
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture))
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has just ended.
            return null;
        }
    }

    private string Log => Path.Combine(place.Folder, "output.log");

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private sealed record Stat(int Id, int Parent, long Ticks);
}
