using System.Diagnostics;

namespace OcspLab.Keep.Reloading;

/// <summary>A command of the administrator's, run by <c>/bin/sh</c>.</summary>
internal static class ShellCommand
{
    /// <summary>Runs it to its end, or until its time is over; then it is killed, and all that it started.</summary>
    /// <param name="command">The command.</param>
    /// <param name="environment">Variables besides.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Ends it too.</param>
    /// <returns>Why it failed, with the end of what it said; null where it did not.</returns>
    public static async Task<string?> RunAsync(
        string command,
        IReadOnlyDictionary<string, string> environment,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var said = new TailOfText(MostSaid);
        try
        {
            using var process = Process.Start(start)!;
            process.OutputDataReceived += (_, line) => said.Add(line.Data);
            process.ErrorDataReceived += (_, line) => said.Add(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.StandardInput.Close();
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(timeout);
            try
            {
                await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                cancellationToken.ThrowIfCancellationRequested();
                return $"'{command}' took more than {timeout:g} and was killed";
            }

            return process.ExitCode == 0 ? null : $"'{command}' ended with {process.ExitCode}: {said}";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return $"'{command}' cannot be started: {exception.Message}";
        }
    }

    private const int MostSaid = 500;

    /// <summary>The last letters of a text that has no end. Thread-safe.</summary>
    private sealed class TailOfText(int most)
    {
        private readonly Lock _lock = new();
        private string _text = "";

        public void Add(string? line)
        {
            if (string.IsNullOrWhiteSpace(line))
                return;
            lock (_lock)
            {
                _text = _text.Length == 0 ? line.Trim() : $"{_text} · {line.Trim()}";
                if (_text.Length > most)
                    _text = _text[^most..];
            }
        }

        public override string ToString()
        {
            lock (_lock)
                return _text.Length == 0 ? "it said nothing" : _text;
        }
    }
}
