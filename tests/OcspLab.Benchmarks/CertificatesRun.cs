using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Refreshing;

namespace OcspLab.Benchmarks;

/// <summary>
/// Many certificates in one process: how long until every one has its staple, fetched and from the store, and what each
/// takes.
/// </summary>
internal static class CertificatesRun
{
    public static async Task<bool> RunAsync(int count)
    {
        var folder = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName;
        try
        {
            using var issuer = ManyCertificates.Issue("CN=Benchmark CA", null);
            var certificates = Enumerable
                .Range(0, count)
                .Select(number => ManyCertificates.Issue($"CN=site-{number}", issuer))
                .ToArray();
            var responder = await ManyCertificates.StartResponderAsync(issuer).ConfigureAwait(false);
            var url = new Uri(responder.Urls.First());
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {count:#,0} certificates, ECDSA P-256, one responder | time | a certificate |"
                )
            );
            Console.WriteLine("|---|---|---|");

            var bare = Memory();
            var (services, fetched) = await StartAsync(certificates, issuer, url, folder).ConfigureAwait(false);
            var engine = services.GetRequiredService<StaplingEngine>();
            var held = Memory();
            Line("first start: asked, verified, stored", fetched, (held - bare) / count);

            var started = Stopwatch.GetTimestamp();
            var handshakes = new CertificateContexts(engine);
            var contexts = certificates.Select(certificate => handshakes.Of(certificate, [issuer])).ToArray();
            var now = TimeProvider.System.GetUtcNow();
            foreach (var each in contexts)
                each.Select(now, out _);
            Line("a context for handshakes each", Stopwatch.GetElapsedTime(started), (Memory() - held) / count);
            started = Stopwatch.GetTimestamp();
            await engine.RefreshAsync().ConfigureAwait(false);
            var refreshed = Stopwatch.GetElapsedTime(started);
            foreach (var (outcome, times) in engine.Staples.CountBy(staple => (staple.LastOutcome, staple.LastDetail)))
                await Console.Error.WriteLineAsync($"{times} {outcome}").ConfigureAwait(false);
            started = Stopwatch.GetTimestamp();
            now = TimeProvider.System.GetUtcNow();
            foreach (var each in contexts)
                each.Select(now, out _);
            Line("every one asked about anew", refreshed, null);
            Line("every context with its new staple", Stopwatch.GetElapsedTime(started), null);
            started = Stopwatch.GetTimestamp();
            await engine.RefreshAsync(contexts[count / 2].Slot.Key).ConfigureAwait(false);
            Line("one asked about, the others at rest", Stopwatch.GetElapsedTime(started), null);
            var atRest = await ManyCertificates.CpuAtRestAsync().ConfigureAwait(false);
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"| at rest, in a minute | {atRest:0} ms of CPU | |")
            );
            GC.KeepAlive(contexts);
            await services.DisposeAsync().ConfigureAwait(false);

            await responder.DisposeAsync().ConfigureAwait(false);
            (services, var loaded) = await StartAsync(certificates, issuer, url, folder).ConfigureAwait(false);
            Line("next start, the responder down: read and verified", loaded, null);
            await services.DisposeAsync().ConfigureAwait(false);
            return true;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static void Line(string what, TimeSpan time, long? bytes) =>
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {what} | {time.TotalSeconds:0.00} s | {(bytes is { } each ? $"{each / 1024.0:0.0} KiB" : "")} |"
                )
            );
    }

    private static async Task<(ServiceProvider Services, TimeSpan Time)> StartAsync(
        X509Certificate2[] certificates,
        X509Certificate2 issuer,
        Uri responder,
        string folder
    )
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        collection.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
        collection
            .AddOcspStapling()
            .Configure(options =>
            {
                options.Responder = responder;
                options.StorageDirectory = Path.Combine(folder, "staples");
                options.StartupTimeout = TimeSpan.FromMinutes(10);
            });
        var services = collection.BuildServiceProvider();
        var engine = services.GetRequiredService<StaplingEngine>();
        var started = Stopwatch.GetTimestamp();
        foreach (var certificate in certificates)
            engine.Add(certificate, [issuer]);
        await engine.WaitForFirstStaplesAsync(CancellationToken.None).ConfigureAwait(false);
        var time = Stopwatch.GetElapsedTime(started);
        var missing = engine.Staples.Count(staple => staple.Staple is null);
        return missing == 0
            ? (services, time)
            : throw new BenchmarkException(
                $"{missing} certificates have no staple: "
                    + $"{engine.Staples.First(staple => staple.Staple is null).LastOutcome}"
            );
    }

    /// <summary>What the process holds, managed or not.</summary>
    private static long Memory()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return Environment.WorkingSet;
    }
}
