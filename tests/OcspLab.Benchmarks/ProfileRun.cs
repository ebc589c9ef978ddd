using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using OcspLab.Comparison.Measurements;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using OcspLab.Probe;

namespace OcspLab.Benchmarks;

/// <summary>
/// Where the time of Kestrel's handshakes goes: the sample site as a process, eight clients without a pause, and what
/// <c>perf</c> finds on its stacks. A sample counts as this library's when one of its methods is anywhere on the stack.
/// </summary>
internal static partial class ProfileRun
{
    public static async Task<bool> RunAsync(SessionKind session)
    {
        await RequirePerfAsync().ConfigureAwait(false);
        var folder = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName;
        try
        {
            var topology = SiteProcess.Topology(folder);
            var lab = await EmbeddedLab
                .StartAsync(topology, TimeProvider.System, new LabBoard(), CancellationToken.None)
                .ConfigureAwait(false);
            await using var _ = lab.ConfigureAwait(false);
            using var site = SiteProcess.Start(
                topology,
                Port,
                ["--OcspStapling:MinimumRefreshInterval=00:10:00"],
                Maps
            );
            using var over = new CancellationTokenSource();
            try
            {
                await SiteProcess.UntilStapledAsync(Port).ConfigureAwait(false);
                var counts = new int[Clients];
                var load = Enumerable
                    .Range(0, Clients)
                    .Select(number =>
                        Task.Factory.StartNew(
                            () => ShakeHands(session, ref counts[number], over.Token),
                            CancellationToken.None,
                            TaskCreationOptions.LongRunning,
                            TaskScheduler.Default
                        )
                    )
                    .ToArray();
                // Compiled twice: quickly first, and well when it has run often.
                await Task.Delay(WarmUp).ConfigureAwait(false);
                var (before, started) = (ProcessorClock.Read(site.Id), counts.Sum());
                await RunAsync(
                        "perf",
                        folder,
                        [
                            "record",
                            "--quiet",
                            "--output",
                            Data,
                            "--event",
                            "cpu-clock",
                            "--freq",
                            "997",
                            "-g",
                            "--pid",
                            site.Id.ToString(CultureInfo.InvariantCulture),
                            "--",
                            "sleep",
                            Seconds.ToString(CultureInfo.InvariantCulture),
                        ]
                    )
                    .ConfigureAwait(false);
                var time = ProcessorClock.Read(site.Id) - before;
                var handshakes = counts.Sum() - started;
                await over.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll(load).ConfigureAwait(false);
                var samples = await RunAsync("perf", folder, ["script", "--input", Data, "--fields", "ip,sym,dso"])
                    .ConfigureAwait(false);
                return Report(session, samples, time!.Value / handshakes);
            }
            finally
            {
                await over.CancelAsync().ConfigureAwait(false);
                site.Kill();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool Report(SessionKind session, string script, TimeSpan perHandshake)
    {
        var stacks = script
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(sample => sample.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            .Where(stack => stack.Length > 0)
            .ToArray();
        var ours = stacks.Count(stack => Array.Exists(stack, IsOurs)) / (double)stacks.Length;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {session} TLS 1.3 handshakes, {Clients} clients: {perHandshake.TotalMilliseconds:0.00} ms each
                ({stacks.Length:#,0} samples)

                | where | of the samples |
                |---|---|
                """
            )
        );
        var places = stacks
            .CountBy(stack => PlaceOf(stack[0]))
            .Select(place => (place.Key, Share: place.Value / (double)stacks.Length))
            .OrderByDescending(place => place.Share)
            .ToArray();
        foreach (var (place, share) in places.Where(place => place.Share >= Least))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {place} | {share:0.0%} |"));
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| all else | {places.Where(place => place.Share < Least).Sum(place => place.Share):0.0%} |"
            )
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| in or below a method of this library (limit {Limit:0%}) | {ours:0.00%} |"
            )
        );
        return ours <= Limit;
    }

    private static bool IsOurs(string frame) => frame.Contains("[OcspLab.Stapling", StringComparison.Ordinal);

    private static string PlaceOf(string frame) =>
        Object().Match(frame).Groups[1].Value switch
        {
            var library when library.Contains("libcrypto", StringComparison.Ordinal) => "OpenSSL, libcrypto",
            var library when library.Contains("libssl", StringComparison.Ordinal) => "OpenSSL, libssl",
            var library
                when library.Contains("kernel", StringComparison.Ordinal)
                    || library.Contains("[unknown]", StringComparison.Ordinal)
                    || library.StartsWith("[k", StringComparison.Ordinal) => "the kernel",
            var library
                when library.Contains("libcoreclr", StringComparison.Ordinal)
                    || library.Contains("libclr", StringComparison.Ordinal) =>
                "the runtime: threads, memory, the compiler",
            var library when library.Contains("libc.so", StringComparison.Ordinal) => "the C library",
            var library when library.Contains("libSystem", StringComparison.Ordinal) =>
                "the runtime's bridge to OpenSSL",
            _ => Assembly().Match(frame) is { Success: true } managed
                ? $".NET, {managed.Groups[1].Value}"
                : "other code of .NET",
        };

    private static void ShakeHands(SessionKind session, ref int count, CancellationToken cancellationToken)
    {
        using var client = new OpenSslClient(Port, LabTopology.SiteHost, TlsVersion.Tls13);
        if (session == SessionKind.Resumed)
            client.KeepSession();
        while (!cancellationToken.IsCancellationRequested)
        {
            var handshake = client.Connect();
            if (session == SessionKind.New && handshake.Staple is null)
                throw new BenchmarkException("A handshake had no staple: nothing was measured.");
            Volatile.Write(ref count, count + 1);
        }
    }

    private static async Task RequirePerfAsync()
    {
        try
        {
            await RunAsync("perf", "/", ["record", "--quiet", "--output", "/dev/null", "--event", "cpu-clock", "true"])
                .ConfigureAwait(false);
        }
        catch (BenchmarkException exception)
        {
            throw new MissingProgramException($"perf may not look at processes here: {exception.Message}", exception);
        }
    }

    private static async Task<string> RunAsync(string program, string folder, string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true }
        )!;
        var output = await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        return process.ExitCode == 0
            ? output
            : throw new BenchmarkException($"{program} {arguments[0]} ended with {process.ExitCode}.");
    }

    [GeneratedRegex(@"\(([^()]*)\)\s*$")]
    private static partial Regex Object();

    [GeneratedRegex(@"\[([A-Za-z.]+)\]")]
    private static partial Regex Assembly();

    // Where what it compiled is, for perf; and code in one place only.
    private static readonly Dictionary<string, string> Maps = new()
    {
        ["DOTNET_PerfMapEnabled"] = "1",
        ["DOTNET_EnableWriteXorExecute"] = "0",
    };

    private const string Data = "perf.data";
    private const int Port = 9545;
    private const int Clients = 8;
    private static int Seconds => Effort.Of(20, quick: 2);
    private const double Limit = 0.01;
    private const double Least = 0.003;
    private static TimeSpan WarmUp => Effort.Of(TimeSpan.FromSeconds(15));
}
