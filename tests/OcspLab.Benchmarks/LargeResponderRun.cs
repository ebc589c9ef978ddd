using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;
using OcspLab.Ocsp.Requests;
using OcspLab.Responder.Admin;

namespace OcspLab.Benchmarks;

/// <summary>
/// A responder over many certificates in PostgreSQL, against the same one over ten thousand: start, memory, answers
/// that are not ready and must be looked up and signed, and how fast it signs ahead.
/// </summary>
internal static class LargeResponderRun
{
    public static async Task<bool> RunAsync(int certificates)
    {
        if (FleetPrograms.Missing is { } missing)
            throw new MissingProgramException(missing);
        var few = await MeasureAsync(Few).ConfigureAwait(false);
        var many = await MeasureAsync(certificates).ConfigureAwait(false);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                | | {Few:#,0} certificates | {certificates:#,0} certificates | ratio |
                |---|---|---|---|
                {Row("start to the first answer", "ms", few.Start, many.Start)}
                {Row("memory of the responder, not signing ahead", "MiB", few.Memory, many.Memory)}
                {Row("answers looked up and signed", "a second", few.Misses, many.Misses)}
                {Row("the same, PostgreSQL's cache cold", "a second", few.ColdMisses, many.ColdMisses)}
                {Row($"answers signed ahead ({Ahead:#,0} at most)", "a second", few.Presigned, many.Presigned)}
                {Row("memory, signing ahead", "MiB", few.AheadMemory, many.AheadMemory)}
                """
            )
        );
        return true;
    }

    private static string Row(string what, string unit, double few, double many) =>
        string.Create(CultureInfo.InvariantCulture, $"| {what}, {unit} | {few:#,0} | {many:#,0} | {many / few:0.00} |");

    private static async Task<Measured> MeasureAsync(int certificates)
    {
        using var bench = await BenchResponder.CreateAsync(ResponderPort, 0).ConfigureAwait(false);
        var folder = ScratchFolder.Create("ocsplab-bench-");
        var part = await FleetPostgres
            .PrepareAsync(folder, PostgresPort, Passwords, CancellationToken.None)
            .ConfigureAwait(false);
        var postgres = new LabProcess(
            part.Name,
            part.Command,
            part.Port,
            part.Folder,
            TimeProvider.System,
            part.Readiness
        );
        await using (postgres.ConfigureAwait(false))
        {
            await postgres.StartAsync(CancellationToken.None).ConfigureAwait(false);
            await FillAsync(bench, certificates).ConfigureAwait(false);
            var measured = await AskAsync(bench, certificates).ConfigureAwait(false);
            // What it has in memory is gone with it; the system's own cache stays.
            await postgres.KillAsync().ConfigureAwait(false);
            await postgres.StartAsync(CancellationToken.None).ConfigureAwait(false);
            var cold = await AskAsync(bench, certificates).ConfigureAwait(false);
            var (presigned, memory) = await SignAheadAsync(bench, certificates).ConfigureAwait(false);
            return measured with { ColdMisses = cold.Misses, Presigned = presigned, AheadMemory = memory };
        }
    }

    private static async Task FillAsync(BenchResponder bench, int certificates)
    {
        // It makes its tables, and a first row that the others are copied from.
        using (var responder = Start(bench))
        {
            await UntilUpAsync().ConfigureAwait(false);
            var now = TimeProvider.System.GetUtcNow();
            using var admin = Admin(bench);
            await admin
                .RegisterAsync(
                    new Responder.Sources.RegisteredCertificate("first", SerialOf(0), now, now.AddDays(30)),
                    CancellationToken.None
                )
                .ConfigureAwait(false);
            await EndAsync(responder).ConfigureAwait(false);
        }

        var started = Stopwatch.GetTimestamp();
        await RunAsync(
                $"""
                INSERT INTO ocsp_certificates (authority, serial, name, issued_at, not_after)
                SELECT authority, '5' || lpad(to_hex(number), 15, '0'), 'bench-' || number, issued_at, not_after
                FROM ocsp_certificates, generate_series(1, {certificates - 1}) AS number WHERE name = 'first';
                VACUUM ANALYZE ocsp_certificates;
                """
            )
            .ConfigureAwait(false);
        await Console
            .Error.WriteLineAsync($"{certificates:#,0} rows in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s")
            .ConfigureAwait(false);
    }

    private static async Task<Measured> AskAsync(BenchResponder bench, int certificates)
    {
        using var issuer = X509CertificateLoader.LoadCertificateFromFile(
            bench.Topology.CreatePki(TimeProvider.System).Intermediate.Certificate
        );
        var chance = new Random(20261201);
        var paths = Enumerable
            .Range(0, Questions)
            .Select(_ => PathOf(issuer, SerialOf(chance.Next(certificates))))
            .ToArray();
        var started = Stopwatch.GetTimestamp();
        using var responder = Start(bench, "MaximumCachedResponses=0");
        await BenchResponder.AskAsync(ResponderPort, paths[0]).ConfigureAwait(false);
        var start = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var wrk = new Wrk(bench.Folder, "misses", "GET", paths);
        wrk.Measure(ResponderPort, WarmUp);
        var misses = wrk.Measure(ResponderPort, Seconds);
        var memory = MemoryOf(responder);
        await EndAsync(responder).ConfigureAwait(false);
        return new Measured(start, memory, misses, 0, 0, 0);
    }

    private static async Task<(double Rate, double Memory)> SignAheadAsync(BenchResponder bench, int certificates)
    {
        using var responder = Start(
            bench,
            "Authorities:intermediate:Presign=Listed",
            string.Create(CultureInfo.InvariantCulture, $"MaximumCachedResponses={Ahead}")
        );
        await UntilUpAsync().ConfigureAwait(false);
        using var admin = Admin(bench);
        var (began, most) = (0L, Math.Min(certificates, Ahead));
        var first = 0;
        while (true)
        {
            var status = await admin.GetStatusAsync(CancellationToken.None).ConfigureAwait(false);
            var ready = status.CachedResponses;
            if (ready > 0 && began == 0)
                (began, first) = (Stopwatch.GetTimestamp(), ready);
            // The last few are waited for in vain where one is looked up meanwhile.
            if (ready >= most * 0.99)
            {
                var rate = (ready - first) / Stopwatch.GetElapsedTime(began).TotalSeconds;
                var memory = MemoryOf(responder);
                await EndAsync(responder).ConfigureAwait(false);
                return (rate, memory);
            }

            await Task.Delay(100).ConfigureAwait(false);
        }
    }

    private static Process Start(BenchResponder bench, params string[] settings) =>
        bench.Start([$"Authorities:intermediate:PostgreSql={Database}", .. settings]);

    private static ResponderAdminClient Admin(BenchResponder bench) =>
        new(bench.Topology.AdminUrl, AdminToken.Load(bench.Topology.AdminTokenFile));

    private static async Task UntilUpAsync()
    {
        using var http = new HttpClient();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{ResponderPort}/"))
                    .ConfigureAwait(false);
                return;
            }
            catch (HttpRequestException) when (attempt < 300)
            {
                await Task.Delay(100).ConfigureAwait(false);
            }
        }
    }

    private static async Task EndAsync(Process responder)
    {
        responder.Kill();
        await responder.WaitForExitAsync().ConfigureAwait(false);
    }

    private static double MemoryOf(Process process)
    {
        process.Refresh();
        if (process.HasExited)
            throw new BenchmarkException($"The responder ended with {process.ExitCode}.");
        return process.WorkingSet64 / 1024.0 / 1024;
    }

    private static async Task RunAsync(string sql)
    {
        var source = NpgsqlDataSource.Create(Database + ";Command Timeout=3600");
        await using (source.ConfigureAwait(false))
        {
            foreach (var statement in sql.Split(';', StringSplitOptions.RemoveEmptyEntries))
            {
#pragma warning disable CA2100 // Every statement is written in this file.
                var command = source.CreateCommand(statement);
#pragma warning restore CA2100
                await using (command.ConfigureAwait(false))
                    await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            }
        }
    }

    private static string SerialOf(int number) => $"5{number:x15}";

    private static string PathOf(X509Certificate2 issuer, string serial)
    {
        var number = BigInteger.Parse(serial, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var id = OcspSubject.FromSerial(number, issuer).ToCertId(CertIdHash.Sha1);
        return "/" + Uri.EscapeDataString(Convert.ToBase64String(new OcspRequest { CertIds = [id] }.Encode()));
    }

    private static readonly string Passwords = Path.Combine(
        Directory.CreateTempSubdirectory("ocsplab-bench-").FullName,
        "passwords"
    );
    private static int Few => Effort.Of(10_000, quick: 500);
    private static int Questions => Effort.Of(200_000, quick: 1_000);
    private static int Ahead => Effort.Of(50_000, quick: 500);
    private static int Seconds => Effort.Of(10, quick: 1);
    private static int WarmUp => Effort.Of(3, quick: 1);
    private const int ResponderPort = 8988;
    private const int PostgresPort = 9593;

    private static string Database => FleetPorts.From(PostgresPort - 3, 0).PostgresConnection(Passwords);

    /// <summary>What was measured of one responder.</summary>
    private sealed record Measured(
        double Start,
        double Memory,
        double Misses,
        double ColdMisses,
        double Presigned,
        double AheadMemory
    );
}
