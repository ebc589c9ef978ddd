using System.Diagnostics;
using System.Globalization;

namespace OcspLab.Benchmarks;

/// <summary>What <c>openssl speed</c> measures on the same machine in the same run.</summary>
internal static class OpenSslSpeed
{
    /// <summary>The time of one operation, signing and verifying.</summary>
    /// <exception cref="BenchmarkException">openssl says something else.</exception>
    /// <param name="algorithm">As openssl names it.</param>
    /// <param name="processes">How many at a time; the time is that of all of them together.</param>
    public static (TimeSpan Sign, TimeSpan Verify) Measure(string algorithm, int processes = 1)
    {
        string[] several = processes == 1 ? [] : ["-multi", $"{processes}"];
        using var process = Process.Start(
            new ProcessStartInfo(
                "openssl",
                ["speed", "-elapsed", "-seconds", $"{Effort.Of(3, quick: 1)}", .. several, algorithm]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        ) ?? throw new BenchmarkException("openssl cannot be started.");
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        if (lines.Length == 0)
            throw new BenchmarkException($"openssl speed {algorithm} ended with {process.ExitCode} and said nothing.");
        // "rsa 2048 bits 0.000425s 0.000028s   2351.0  35164.5": the two rates are exact, the times are rounded.
        var figures = lines[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (Period(figures[^2]), Period(figures[^1]));
    }

    private static TimeSpan Period(string rate) =>
        double.TryParse(rate, NumberStyles.Float, CultureInfo.InvariantCulture, out var perSecond) && perSecond > 0
            ? TimeSpan.FromTicks((long)(TimeSpan.TicksPerSecond / perSecond))
            : throw new BenchmarkException($"openssl speed said '{rate}' where a rate was expected.");
}
