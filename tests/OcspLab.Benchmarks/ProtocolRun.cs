using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace OcspLab.Benchmarks;

/// <summary>Decoding, verifying and building, against bare signatures of openssl.</summary>
internal static class ProtocolRun
{
    /// <returns>Whether every limit is kept.</returns>
    public static bool Run()
    {
        var configuration = ManualConfig
            .CreateEmpty()
            .AddJob(
                (Effort.IsQuick ? Job.Dry : Job.Default.WithWarmupCount(4).WithIterationCount(12)).WithToolchain(
                    InProcessEmitToolchain.Instance
                )
            )
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddExporter(MarkdownExporter.GitHub)
            .AddLogger(ConsoleLogger.Default)
            .WithOptions(ConfigOptions.DisableLogFile);
        var summary = BenchmarkRunner.Run<OcspBenchmarks>(configuration);
        double Nanoseconds(string name) =>
            summary
                .Reports.Single(report => report.BenchmarkCase.Descriptor.WorkloadMethod.Name == name)
                .ResultStatistics?.Mean
            ?? throw new BenchmarkException($"{name} was not measured.");

        var failed = false;
        Console.WriteLine();
        Console.WriteLine("| what | here | openssl, bare signatures | ratio |");
        Console.WriteLine("|---|---|---|---|");
        var rsa = OpenSslSpeed.Measure("rsa2048");
        var ecdsa = OpenSslSpeed.Measure("ecdsap256");
        Compare(
            "verify a delegated response, RSA-2048",
            Nanoseconds(nameof(OcspBenchmarks.VerifyRsa2048)),
            2,
            rsa.Verify,
            limit: 2
        );
        Compare(
            "verify a delegated response, ECDSA P-256",
            Nanoseconds(nameof(OcspBenchmarks.VerifyEcdsaP256)),
            2,
            ecdsa.Verify,
            limit: null
        );
        Compare(
            "build a response, RSA-2048",
            Nanoseconds(nameof(OcspBenchmarks.BuildRsa2048)),
            1,
            rsa.Sign,
            limit: null
        );
        Compare(
            "build a response, ECDSA P-256",
            Nanoseconds(nameof(OcspBenchmarks.BuildEcdsaP256)),
            1,
            ecdsa.Sign,
            limit: null
        );
        return !failed;

        void Compare(string what, double nanoseconds, int signatures, TimeSpan each, double? limit)
        {
            var bare = signatures * each.TotalMicroseconds;
            var ratio = nanoseconds / 1000 / bare;
            failed |= ratio > limit;
            var verdict = limit is { } bound ? string.Create(CultureInfo.InvariantCulture, $" (limit {bound})") : "";
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {what} | {nanoseconds / 1000:0.0} µs | {signatures} × {each.TotalMicroseconds:0.0} µs | "
                        + $"{ratio:0.00}{verdict} |"
                )
            );
        }
    }
}
