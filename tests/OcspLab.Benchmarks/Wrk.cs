using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OcspLab.Benchmarks;

/// <summary>
/// Load from <c>wrk</c>, which leaves most of the machine to the server: two threads, and eight connections unless more
/// are asked for, for a bounded time.
/// </summary>
internal sealed partial class Wrk
{
    private readonly string _script;

    /// <param name="folder">Where its script and questions are put.</param>
    /// <param name="name">Tells its files from others'.</param>
    /// <param name="method">GET or POST.</param>
    /// <param name="questions">
    /// The paths to get, or the bodies to post in hexadecimal; one after the other, again and again.
    /// </param>
    public Wrk(string folder, string name, string method, IEnumerable<string> questions)
    {
        var file = Path.Combine(folder, $"{name}.txt");
        _script = Path.Combine(folder, $"{name}.lua");
        File.WriteAllLines(file, questions);
        File.WriteAllText(
            _script,
            $$"""
            local requests = {}
            function init()
              -- Not before: the Host header is not known then.
              for line in io.lines("{{file}}") do
                if "{{method}}" == "GET" then
                  requests[#requests + 1] = wrk.format("GET", line)
                else
                  local body = line:gsub("..", function(octet) return string.char(tonumber(octet, 16)) end)
                  local headers = { ["Content-Type"] = "application/ocsp-request", ["Host"] = wrk.headers["Host"] }
                    requests[#requests + 1] = wrk.format("POST", "/", headers, body)
                end
              end
            end
            local next = 0
            function request()
              next = next % #requests + 1
              return requests[next]
            end
            """
        );
    }

    /// <summary>Answers a second.</summary>
    /// <exception cref="MissingProgramException">wrk is not there.</exception>
    /// <exception cref="BenchmarkException">It was answered with an error.</exception>
    public double Measure(int port, int seconds) =>
        MeasureAsync(port, seconds, connections: 8).GetAwaiter().GetResult();

    /// <inheritdoc cref="Measure"/>
    public async Task<double> MeasureAsync(int port, int seconds, int connections)
    {
        using var process = Start(port, seconds, connections);
        var output = await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        if (output.Contains("Non-2xx", StringComparison.Ordinal) || Rate().Match(output) is not { Success: true } rate)
            throw new BenchmarkException($"wrk against port {port} said: {output}");
        return double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private Process Start(int port, int seconds, int connections)
    {
        try
        {
            return Process.Start(
                new ProcessStartInfo(
                    "wrk",
                    [
                        "--threads",
                        "2",
                        "--connections",
                        $"{connections}",
                        "--duration",
                        $"{seconds}s",
                        "--script",
                        _script,
                        $"http://127.0.0.1:{port}",
                    ]
                )
                {
                    RedirectStandardOutput = true,
                }
            )!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new MissingProgramException("wrk is not installed (Debian's package wrk).", exception);
        }
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Rate();
}
