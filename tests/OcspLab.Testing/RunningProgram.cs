using System.Diagnostics;
using System.Text;

namespace OcspLab.Testing;

/// <summary>A program that goes on until it is told to stop, and what it has said so far.</summary>
public sealed class RunningProgram : IAsyncDisposable
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
        start.DelayRecompilation();
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
    public void Interrupt() => Signals.Send("INT", Id);

    /// <summary>
    /// What Ctrl-C at a terminal sends: to the program and all that it started. The program is to lead a group of its
    /// own (<c>setsid</c>).
    /// </summary>
    public void InterruptGroup() => Signals.Send("INT", -Id);

    /// <summary>Whether nothing is left of that group; what is left is asked to end.</summary>
    public bool EndGroup() => !Signals.Send("TERM", -Id);

    /// <summary>What an orchestrator sends that wants it gone.</summary>
    public void Terminate() => Signals.Send("TERM", Id);

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
