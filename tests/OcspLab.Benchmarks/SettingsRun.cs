using System.Diagnostics;
using System.Globalization;
using OcspLab.Comparison.Measurements;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using OcspLab.Probe;

namespace OcspLab.Benchmarks;

/// <summary>
/// What users can set about Kestrel's handshakes: the sample site once as it is and once for each setting, all at the
/// same time and asked by turns, so that a machine that others share is the same for all of a round. Full TLS 1.3
/// handshakes with RSA-2048, stapled; only the servers' CPU counts.
/// </summary>
internal static class SettingsRun
{
    public static async Task<bool> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName;
        var sites = new List<Process>();
        try
        {
            var topology = SiteProcess.Topology(folder);
            var lab = await EmbeddedLab
                .StartAsync(topology, TimeProvider.System, new LabBoard(), CancellationToken.None)
                .ConfigureAwait(false);
            await using var _ = lab.ConfigureAwait(false);
            for (var number = 0; number < Settings.Length; number++)
            {
                sites.Add(
                    SiteProcess.Start(
                        topology,
                        FirstPort + number,
                        ["--OcspStapling:MinimumRefreshInterval=00:10:00", .. Settings[number].Arguments],
                        Settings[number].Environment
                    )
                );
                await SiteProcess.UntilStapledAsync(FirstPort + number).ConfigureAwait(false);
            }

            Console.WriteLine("| setting | with one client | with eight |");
            Console.WriteLine("|---|---|---|");
            var results = new List<double[][]>();
            foreach (var clients in ClientCounts)
                results.Add(await MeasureAsync(sites, clients).ConfigureAwait(false));
            for (var number = 0; number < Settings.Length; number++)
            {
                var cells = results.Select(rounds => Describe(rounds, number)).Prepend(Settings[number].Name);
                Console.WriteLine($"| {string.Join(" | ", cells)} |");
            }

            return true;
        }
        finally
        {
            foreach (var site in sites)
            {
                site.Kill();
                site.Dispose();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    /// <returns>Round by round, milliseconds for a handshake of each site.</returns>
    private static async Task<double[][]> MeasureAsync(List<Process> sites, int clients)
    {
        var rounds = new double[Rounds][];
        for (var round = -1; round < Rounds; round++)
        {
            var costs = new double[sites.Count];
            for (var number = 0; number < sites.Count; number++)
            {
                // The first round is for the compiler, which comes back to what runs often.
                var count = (round < 0 ? WarmUp : PerRound) / clients;
                var before = TimeOf(sites[number]);
                var port = FirstPort + number;
                await Task.WhenAll(
                        Enumerable
                            .Range(0, clients)
                            .Select(_ =>
                                Task.Factory.StartNew(
                                    () => ShakeHands(port, count),
                                    CancellationToken.None,
                                    TaskCreationOptions.LongRunning,
                                    TaskScheduler.Default
                                )
                            )
                    )
                    .ConfigureAwait(false);
                costs[number] = (TimeOf(sites[number]) - before).TotalMilliseconds / (count * clients);
            }

            if (round >= 0)
                rounds[round] = costs;
        }

        return rounds;
    }

    // The first is the site as it is; each other's ratio to it is that of the same round.
    private static string Describe(double[][] rounds, int number)
    {
        if (number == 0)
            return string.Create(CultureInfo.InvariantCulture, $"{Median(rounds.Select(round => round[0])):0.00} ms");
        var ratios = rounds.Select(round => round[number] / round[0]).Order().ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Median(ratios):0.00} ({ratios[0]:0.00}–{ratios[^1]:0.00})"
        );
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static void ShakeHands(int port, int count)
    {
        using var client = new OpenSslClient(port, LabTopology.SiteHost, TlsVersion.Tls13);
        for (var i = 0; i < count; i++)
        {
            if (client.Connect().Staple is null)
                throw new BenchmarkException("A handshake had no staple: nothing was measured.");
        }
    }

    private static TimeSpan TimeOf(Process site) =>
        ProcessorClock.Read(site.Id) ?? throw new BenchmarkException("The server ended.");

    private static Setting Variable(string name, string value) =>
        new($"`{name}={value}`", [], new() { [name] = value });

    private static Setting Option(string name, string value) =>
        new($"`SocketTransportOptions.{name} = {value}`", [$"--Sockets:{name}={value}"], []);

    private static readonly Setting[] All =
    [
        new("as it is", [], []),
        Variable("DOTNET_TieredPGO", "0"),
        Variable("DOTNET_TieredCompilation", "0"),
        Variable("DOTNET_gcServer", "1"),
        Variable("DOTNET_GCgen0size", "0x4000000"),
        Variable("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0"),
        Variable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1"),
        Option("UnsafePreferInlineScheduling", "true"),
        Option("IOQueueCount", "1"),
        Option("WaitForDataBeforeAllocatingBuffer", "false"),
    ];

    private static Setting[] Settings => All[..Effort.Of(All.Length, quick: 2)];

    private static readonly int[] ClientCounts = [1, 8];
    private const int FirstPort = 9545;
    private static int Rounds => Effort.Of(7, quick: 1);
    private static int PerRound => Effort.Of(400, quick: 8);
    private static int WarmUp => Effort.Of(2400, quick: 8);

    private sealed record Setting(string Name, string[] Arguments, Dictionary<string, string> Environment);
}
