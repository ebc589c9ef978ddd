using System.Globalization;
using System.Text.Json;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Verdicts;
using OcspLab.Probe;

namespace OcspLab.Cli.Commands;

/// <summary>How <c>inspect --watch</c> speaks.</summary>
internal enum WatchOutput
{
    /// <summary>A line for people.</summary>
    Lines,

    /// <summary>A JSON document a line.</summary>
    Json,
}

/// <summary>
/// Looks at a server again and again, and says when something about its staple is no longer as it was.
/// </summary>
internal sealed class InspectWatch(
    Func<CancellationToken, Task<(StapleReport Report, TlsHandshake Handshake)>> look,
    TimeProvider clock,
    TimeSpan interval,
    WatchOutput output
)
{
    /// <summary>Runs until it is cancelled.</summary>
    /// <returns>What a single look would have exited with the last time.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var exitCode = ExitCodes.Unreachable;
        object? known = null;
        try
        {
            while (true)
            {
                var (facts, line, code) = await LookAsync(cancellationToken).ConfigureAwait(false);
                exitCode = code;
                if (!facts.Equals(known))
                    Console.Out.WriteLine(line);
                known = facts;
                await Task.Delay(interval, clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how a watch ends.
        }

        return exitCode;
    }

    private async Task<(object Facts, string Line, int ExitCode)> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (report, handshake) = await look(cancellationToken).ConfigureAwait(false);
            var staple = report.Staple;
            var facts = (
                staple.Verdict,
                staple.Reason,
                staple.ThisUpdate,
                staple.NextUpdate,
                staple.RevokedAt,
                handshake.Certificates[0].Thumbprint
            );
            return (
                facts,
                output == WatchOutput.Json ? report.ToJsonLine() : $"{Now} {Describe(report)}",
                ExitCodes.Of(report)
            );
        }
        catch (ProbeException exception)
        {
            return (
                exception.Message,
                output == WatchOutput.Json
                    ? JsonSerializer.Serialize(new { error = exception.Message })
                    : $"{Now} {exception.Message}",
                ExitCodes.Unreachable
            );
        }
    }

    private static string Describe(StapleReport report)
    {
        var staple = report.Staple;
        var detail =
            staple.Reason
            ?? (
                staple is { ThisUpdate: { } from, NextUpdate: { } until }
                    ? $"{VerdictTable.At(from)} to {VerdictTable.At(until)}"
                    : null
            );
        return string.Join(", ", ((string?[])[staple.Word, detail, .. report.Advice.Take(1)]).OfType<string>());
    }

    private string Now => clock.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
