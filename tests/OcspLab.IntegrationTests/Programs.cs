using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;
using OcspLab.Testing;

namespace OcspLab.IntegrationTests;

/// <summary>The programs of this repository, as they were built with the tests.</summary>
internal static class Programs
{
    // tests/OcspLab.IntegrationTests/bin/CONFIGURATION/net10.0
    private static readonly DirectoryInfo Here = new(AppContext.BaseDirectory.TrimEnd('/'));

    /// <summary>Debug or Release, as the tests.</summary>
    public static string Configuration { get; } = Here.Parent!.Name;

    public static string Cli { get; } = Built("src/tool/OcspLab.Cli", "ocsplab.dll");

    public static string AppHost { get; } = Built("OcspLab.AppHost", "OcspLab.AppHost.dll");

    /// <summary>A service of the lab as a program of its own.</summary>
    public static string Service(string resource) =>
        resource switch
        {
            LabTopology.Dns => Built("src/lab/OcspLab.Dns", "OcspLab.Dns.dll"),
            LabTopology.Responder => Built("src/packages/OcspLab.Responder", "OcspLab.Responder.dll"),
            _ => Built("src/lab/OcspLab.Site", "OcspLab.Site.dll"),
        };

    /// <summary>Runs <c>ocsplab</c> to its end.</summary>
    public static Task<ToolResult> OcspLabAsync(params string[] arguments) =>
        Tool.RunAsync("dotnet", [Cli, .. arguments], null, CancellationToken.None);

    /// <summary>Free ports for a lab of one's own, as options.</summary>
    public static (LabPorts Ports, string[] Options) FreePorts()
    {
        var numbers = FreePort.Find(6);
        var ports = new LabPorts
        {
            Dns = numbers[0],
            Responder = numbers[1],
            ResponderAdmin = numbers[2],
            Nginx = numbers[3],
            Kestrel = numbers[4],
            KestrelBuiltIn = numbers[5],
        };
        return (ports, [.. ports.All.SelectMany(port => new[] { port.Option, $"{port.Number}" })]);
    }

    /// <summary>A command line as a shell reads it, whatever is in the path of this repository.</summary>
    public static string Quote(IEnumerable<string> command) =>
        string.Join(' ', command.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));

    private static string Built(string project, string assembly) =>
        Path.Combine(Repository.Root, project, "bin", Configuration, Here.Name, assembly);
}

/// <summary>A program that goes on until it is told to stop, and what it has said so far.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    public RunningProgram(params string[] command)
    {
        // Whoever started the tests may ignore signals (nohup, a background job), and that is inherited.
        var start = new ProcessStartInfo("env", ["--default-signal=HUP,INT,QUIT", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => Read(_output);

    public string Error => Read(_error);

    public async Task<int> WaitAsync(int seconds = 60)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>What a person types.</summary>
    public void Type(string keys)
    {
        _process.StandardInput.Write(keys);
        _process.StandardInput.Flush();
    }

    /// <summary>What Ctrl-C sends.</summary>
    public void Interrupt() => ChildProcess.Signal(Id, PosixSignal.SIGINT);

    /// <summary>
    /// What Ctrl-C at a terminal sends: to the program and all that it started. The program is to lead a group of its
    /// own (<c>setsid</c>).
    /// </summary>
    public void InterruptGroup() => ChildProcess.Signal(-Id, PosixSignal.SIGINT);

    /// <summary>Whether nothing is left of that group; what is left is asked to end.</summary>
    public bool EndGroup() => !ChildProcess.Signal(-Id, PosixSignal.SIGTERM);

    /// <summary>What a power failure does; its children live on.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Interrupt();
            try
            {
                await WaitAsync(20);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder builder, string? line)
    {
        if (line is null)
            return;
        lock (builder)
            builder.AppendLine(line);
    }

    private static string Read(StringBuilder builder)
    {
        lock (builder)
            return builder.ToString();
    }
}
