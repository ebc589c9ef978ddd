using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Refreshing;

namespace OcspLab.Benchmarks;

/// <summary>
/// Many certificates in one process: how long until every one has its staple, fetched and from the store, and what each
/// takes.
/// </summary>
internal static class CertificatesRun
{
    public static async Task<int> RunAsync(int count)
    {
        var folder = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName;
        try
        {
            using var issuer = Issue("CN=Benchmark CA", null);
            var certificates = Enumerable
                .Range(0, count)
                .Select(number => Issue($"CN=site-{number}", issuer))
                .ToArray();
            var responder = await StartResponderAsync(issuer).ConfigureAwait(false);
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
            var contexts = certificates
                .Select(certificate => new StapledContexts(
                    certificate,
                    [issuer],
                    null,
                    engine.Add(certificate, [issuer])
                ))
                .ToArray();
            var now = TimeProvider.System.GetUtcNow();
            foreach (var each in contexts)
                each.Select(now, out _);
            Line("a context for handshakes each", Stopwatch.GetElapsedTime(started), (Memory() - held) / count);
            var atRest = await CpuAtRestAsync().ConfigureAwait(false);
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"| at rest, in a minute | {atRest:0} ms of CPU | |")
            );
            GC.KeepAlive(contexts);
            await services.DisposeAsync().ConfigureAwait(false);

            await responder.DisposeAsync().ConfigureAwait(false);
            (services, var loaded) = await StartAsync(certificates, issuer, url, folder).ConfigureAwait(false);
            Line("next start, the responder down: read and verified", loaded, null);
            await services.DisposeAsync().ConfigureAwait(false);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static void Line(string what, TimeSpan time, long? bytes) =>
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {what} | {time.TotalSeconds:0.0} s | {(bytes is { } each ? $"{each / 1024.0:0.0} KiB" : "")} |"
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
            : throw new InvalidOperationException(
                $"{missing} certificates have no staple: "
                    + $"{engine.Staples.First(staple => staple.Staple is null).LastOutcome}"
            );
    }

    private static async Task<double> CpuAtRestAsync()
    {
        // The compiler and the collector have something left to do after a start.
        await Task.Delay(TimeSpan.FromSeconds(20)).ConfigureAwait(false);
        var before = Environment.CpuUsage.TotalTime;
        await Task.Delay(TimeSpan.FromMinutes(1)).ConfigureAwait(false);
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    }

    private static X509Certificate2 Issue(string name, X509Certificate2? issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        if (issuer is null)
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(90));
        }

        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false)
        );
        request.CertificateExtensions.Add(
            new X509AuthorityInformationAccessExtension(["http://responder.invalid/"], [])
        );
        using var certificate = request.Create(
            issuer,
            now.AddHours(-1),
            now.AddDays(30),
            RandomNumberGenerator.GetBytes(16)
        );
        return certificate.CopyWithPrivateKey(key);
    }

    private static async Task<WebApplication> StartResponderAsync(X509Certificate2 issuer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var responder = builder.Build();
        var key = new OcspSigningKey(issuer);
        responder.Run(async context =>
        {
            var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            OcspRequest.TryDecode(
                Convert.FromBase64String(Uri.UnescapeDataString(target[1..])),
                out var request,
                out _
            );
            var now = TimeProvider.System.GetUtcNow();
            var response = OcspResponseBuilder.Build(
                [new OcspResponseEntry(request!.CertIds[0], CertStatus.Good, now.AddMinutes(-1), now.AddDays(1))],
                key,
                issuer,
                now
            );
            context.Response.ContentType = "application/ocsp-response";
            context.Response.ContentLength = response.Length;
            await context.Response.Body.WriteAsync(response).ConfigureAwait(false);
        });
        await responder.StartAsync().ConfigureAwait(false);
        return responder;
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
