using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using OcspLab.Ocsp.Requests;

namespace OcspLab.Benchmarks;

/// <summary>
/// How long a ready answer takes while 512 connections ask for nonces, each of which wants a signature of its own: with
/// the responder's limits, and with limits so wide that there are none.
/// </summary>
internal static class FloodRun
{
    public static async Task<bool> RunAsync()
    {
        using var bench = await BenchResponder.CreateAsync(Port, certificates: 100).ConfigureAwait(false);
        Console.WriteLine("| ready answers, GET, one client | p50 | p99 | the flood, answers a second |");
        Console.WriteLine("|---|---|---|---|");
        var without = await MeasureAsync(
                bench,
                "without limits",
                "MaximumConcurrentSignings=1024",
                "MaximumWaitingSignings=100000",
                "SigningDeadline=00:01:00"
            )
            .ConfigureAwait(false);
        var with = await MeasureAsync(bench, "with the limits as they come").ConfigureAwait(false);
        Console.WriteLine();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"p99 under the flood: {without / with:0.0} times as long without limits (at least {LeastGain} here)"
            )
        );
        return without / with >= LeastGain;
    }

    private static async Task<TimeSpan> MeasureAsync(BenchResponder bench, string what, params string[] settings)
    {
        using var responder = bench.Start([.. settings, "MaximumConnectionsPerAddress=10000"]);
        try
        {
            var path =
                "/"
                + Uri.EscapeDataString(Convert.ToBase64String(new OcspRequest { CertIds = [bench.Ids[0]] }.Encode()));
            await BenchResponder.AskAsync(Port, path).ConfigureAwait(false);
            await SampleAsync(path, Quiet).ConfigureAwait(false);
            var quiet = await SampleAsync(path, Quiet).ConfigureAwait(false);
            Line($"quiet, {what}", quiet, "");
            // What as many connections cost that want nothing signed.
            await FloodAsync(bench, $"512 connections for ready answers, {what}", path, "GET", [path])
                .ConfigureAwait(false);
            return await FloodAsync(bench, $"512 connections for nonces, {what}", path, "POST", Nonces(bench.Ids))
                .ConfigureAwait(false);
        }
        finally
        {
            responder.Kill(entireProcessTree: true);
            await responder.WaitForExitAsync().ConfigureAwait(false);
        }
    }

    /// <returns>The 99th percentile meanwhile.</returns>
    private static async Task<TimeSpan> FloodAsync(
        BenchResponder bench,
        string what,
        string path,
        string method,
        IEnumerable<string> questions
    )
    {
        var flood = new Wrk(bench.Folder, "flood", method, questions).MeasureAsync(
            Port,
            (int)(WarmUp + UnderFire).TotalSeconds + 1,
            connections: 512
        );
        await Task.Delay(WarmUp).ConfigureAwait(false);
        var flooded = await SampleAsync(path, UnderFire).ConfigureAwait(false);
        Line(what, flooded, (await flood.ConfigureAwait(false)).ToString("#,0", CultureInfo.InvariantCulture));
        return Percentile(flooded, 99);
    }

    /// <summary>Asks again and again, with a pause, and tells how long each answer took, in order of length.</summary>
    private static async Task<IReadOnlyList<TimeSpan>> SampleAsync(string path, TimeSpan length)
    {
        using var http = new HttpClient();
        var url = new Uri($"http://127.0.0.1:{Port}{path}");
        var times = new List<TimeSpan>();
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < length; )
        {
            var started = Stopwatch.GetTimestamp();
            using var response = await http.GetAsync(url).ConfigureAwait(false);
            await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
            times.Add(Stopwatch.GetElapsedTime(started));
            if (response.Headers.CacheControl?.MaxAge is null)
                throw new BenchmarkException("It was not the ready answer: nothing was measured.");
            await Task.Delay(Pause).ConfigureAwait(false);
        }

        times.Sort();
        return times;
    }

    private static IEnumerable<string> Nonces(IReadOnlyList<CertId> ids) =>
        ids.Select(id =>
            Convert.ToHexString(new OcspRequest { CertIds = [id], Nonce = RandomNumberGenerator.GetBytes(32) }.Encode())
        );

    private static TimeSpan Percentile(IReadOnlyList<TimeSpan> times, int percent) =>
        times[Math.Min(times.Count - 1, times.Count * percent / 100)];

    private static void Line(string what, IReadOnlyList<TimeSpan> times, string rate) =>
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {what} | {Percentile(times, 50).TotalMilliseconds:0.00} ms | "
                    + $"{Percentile(times, 99).TotalMilliseconds:0.00} ms | {rate} |"
            )
        );

    private const int Port = 8988;
    private const double LeastGain = 5;
    private static TimeSpan Quiet => Effort.Of(TimeSpan.FromSeconds(4));
    private static TimeSpan WarmUp => Effort.Of(TimeSpan.FromSeconds(2));
    private static TimeSpan UnderFire => Effort.Of(TimeSpan.FromSeconds(10));
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
}
