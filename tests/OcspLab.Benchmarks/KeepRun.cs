using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Keep.Keeping;
using OcspLab.Keep.Settings;
using OcspLab.Stapling;

namespace OcspLab.Benchmarks;

/// <summary>
/// Many certificates on one <c>ocsplab keep</c>: how long until each has its file, and what it takes.
/// </summary>
internal static class KeepRun
{
    public static async Task<bool> RunAsync(int count)
    {
        var folder = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName;
        try
        {
            using var issuer = ManyCertificates.Issue("CN=Benchmark CA", null);
            var chain = issuer.ExportCertificatePem();
            for (var number = 0; number < count; number++)
            {
                using var certificate = ManyCertificates.Issue($"CN=site-{number}", issuer);
                await File.WriteAllTextAsync(
                        Path.Combine(folder, $"{number}.pem"),
                        $"{certificate.ExportCertificatePem()}\n{chain}\n"
                    )
                    .ConfigureAwait(false);
            }

            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"| {count:#,0} certificates, one responder | |")
            );
            Console.WriteLine("|---|---|");
            var responder = await ManyCertificates.StartResponderAsync(issuer).ConfigureAwait(false);
            var url = new Uri(responder.Urls.First());
            using (var host = Build(folder, count, url))
            {
                var started = Stopwatch.GetTimestamp();
                await host.StartAsync().ConfigureAwait(false);
                await GivenAsync(host, count).ConfigureAwait(false);
                Line("first start: asked, verified, each in a file", Stopwatch.GetElapsedTime(started));
                var rest = await ManyCertificates.CpuAtRestAsync().ConfigureAwait(false);
                Console.WriteLine(
                    string.Create(CultureInfo.InvariantCulture, $"| at rest, CPU in a minute | {rest:0} ms |")
                );
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"| reloads so far | {File.ReadAllLines(Path.Combine(folder, "reloads")).Length} |"
                    )
                );
                await host.StopAsync().ConfigureAwait(false);
            }

            await responder.DisposeAsync().ConfigureAwait(false);
            using (var host = Build(folder, count, url))
            {
                var started = Stopwatch.GetTimestamp();
                await host.StartAsync().ConfigureAwait(false);
                await GivenAsync(host, count).ConfigureAwait(false);
                Line("next start, the responder down", Stopwatch.GetElapsedTime(started));
                await host.StopAsync().ConfigureAwait(false);
            }

            return true;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static void Line(string what, TimeSpan time) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {time.TotalSeconds:0.0} s |"));
    }

    private static IHost Build(string folder, int count, Uri responder)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddMetrics();
        builder
            .Services.AddOcspKeep(new ConfigurationManager())
            .Configure(keep =>
            {
                keep.Reload = $"echo x >> '{Path.Combine(folder, "reloads")}'";
                for (var number = 0; number < count; number++)
                    keep.Certificates[$"{number}"] = new KeptCertificateOptions
                    {
                        Certificate = Path.Combine(folder, $"{number}.pem"),
                        StapleFile = Path.Combine(folder, "staples", $"{number}.der"),
                    };
            });
        builder.Services.Configure<StaplingOptions>(options =>
        {
            options.Responder = responder;
            options.StorageDirectory = Path.Combine(folder, "state");
        });
        return builder.Build();
    }

    private static async Task GivenAsync(IHost host, int count)
    {
        var keeper = host.Services.GetRequiredService<Keeper>();
        for (var waited = Stopwatch.StartNew(); ; )
        {
            if (keeper.Certificates.Count(kept => kept.Given is not null) == count)
                return;
            if (waited.Elapsed > TimeSpan.FromMinutes(5))
                throw new BenchmarkException("Not every certificate has its staple after five minutes.");
            await Task.Delay(100).ConfigureAwait(false);
        }
    }
}
