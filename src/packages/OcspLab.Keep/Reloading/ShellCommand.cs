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
            var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            process.Exited += (_, _) => exited.TrySetResult();
            process.EnableRaisingEvents = true;
            process.OutputDataReceived += (_, line) => said.Add(line.Data);
            process.ErrorDataReceived += (_, line) => said.Add(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.StandardInput.Close();
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(timeout);
            try
            {
                await exited.Task.WaitAsync(deadline.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                var isKilled = TryKill(process);
                cancellationToken.ThrowIfCancellationRequested();
                return $"'{command}' took more than {timeout:g} and {(isKilled ? "was" : "could not be")} killed";
            }

            // Its last words; but what it has started may keep its output open for ever.
            using var patience = new CancellationTokenSource(LastWords);
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return process.ExitCode == 0 ? null : $"'{command}' ended with {process.ExitCode}: {said}";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return $"'{command}' cannot be started: {exception.Message}";
        }
    }

    // What runs as another user, by sudo, is not ours to kill.
    private static bool TryKill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
            return true;
        }
        catch (Exception exception)
            when (exception is AggregateException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private const int MostSaid = 500;
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

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
