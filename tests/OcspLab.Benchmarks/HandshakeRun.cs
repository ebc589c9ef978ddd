using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Comparison.Measurements;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using OcspLab.Probe;

namespace OcspLab.Benchmarks;

/// <summary>
/// What a staple costs the server: full TLS 1.3 handshakes with RSA-2048 against two processes of the sample site that
/// serve the same certificate, one with this library and one without any stapling, by turns. Only the servers' CPU
/// counts.
/// </summary>
internal static class HandshakeRun
{
    public static async Task<bool> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ocsplab-bench-").FullName;
        try
        {
            var topology = SiteProcess.Topology(folder);
            var lab = await EmbeddedLab
                .StartAsync(topology, TimeProvider.System, new LabBoard(), CancellationToken.None)
                .ConfigureAwait(false);
            await using var _ = lab.ConfigureAwait(false);
            using var stapled = SiteProcess.Start(topology, 9545, SeldomRefreshed);
            using var plain = SiteProcess.Start(topology, 9546, [.. SeldomRefreshed, "--Site:Stapling=BuiltIn"]);
            try
            {
                Require(StapleVerdictKind.Good, await VerdictAsync(9545).ConfigureAwait(false));
                Require(StapleVerdictKind.Absent, await VerdictAsync(9546).ConfigureAwait(false));
                await MeasureAsync(stapled, 9545, WarmUp).ConfigureAwait(false);
                await MeasureAsync(plain, 9546, WarmUp).ConfigureAwait(false);
                var with = new Cost(TimeSpan.Zero, 0);
                var without = new Cost(TimeSpan.Zero, 0);
                for (var round = 0; round < Rounds; round++)
                {
                    with += await MeasureAsync(stapled, 9545, PerRound).ConfigureAwait(false);
                    without += await MeasureAsync(plain, 9546, PerRound).ConfigureAwait(false);
                }

                return Report(with, without);
            }
            finally
            {
                stapled.Kill();
                plain.Kill();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool Report(Cost with, Cost without)
    {
        var count = Rounds * PerRound;
        var ratio = with.Cpu / without.Cpu;
        Console.WriteLine("| full handshake, TLS 1.3, RSA-2048 | server CPU | bytes to the client |");
        Console.WriteLine("|---|---|---|");
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| stapled | {with.Cpu.TotalMilliseconds / count:0.000} ms | {with.Bytes / count} |"
            )
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| without a staple | {without.Cpu.TotalMilliseconds / count:0.000} ms | {without.Bytes / count} |"
            )
        );
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| ratio | {ratio:0.00} (limit {Limit}) | |"));
        return ratio <= Limit;
    }

    [SuppressMessage(
        "Security",
        "CA5359",
        Justification = "What the server costs is measured; a probe has looked at the staple before."
    )]
    private static async Task<Cost> MeasureAsync(Process server, int port, int count)
    {
        var before = TimeOf(server);
        long bytes = 0;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = LabTopology.SiteHost,
            AllowTlsResume = false,
            // The client asks for a staple only when it checks revocation.
            CertificateRevocationCheckMode = X509RevocationMode.Offline,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        };
        for (var i = 0; i < count; i++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
            };
            await socket.ConnectAsync("127.0.0.1", port).ConfigureAwait(false);
            var counting = new CountingStream(socket);
            using var tls = new SslStream(counting);
            await tls.AuthenticateAsClientAsync(options).ConfigureAwait(false);
            bytes += counting.BytesRead;
        }

        return new Cost(TimeOf(server) - before, bytes);
    }

    private static TimeSpan TimeOf(Process server) =>
        ProcessorClock.Read(server.Id) ?? throw new BenchmarkException("The server ended.");

    private static async Task<StapleVerdictKind> VerdictAsync(int port)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var handshake = await new TlsProbe(TimeProvider.System)
                    .ConnectAsync(
                        "127.0.0.1",
                        port,
                        LabTopology.SiteHost,
                        TlsVersion.Any,
                        TimeSpan.FromSeconds(5),
                        CancellationToken.None
                    )
                    .ConfigureAwait(false);
                return StapleInspector.Inspect(handshake, [], TimeProvider.System.GetUtcNow()).Staple.Verdict;
            }
            catch (ProbeException) when (attempt < 300)
            {
                await Task.Delay(100).ConfigureAwait(false);
            }
        }
    }

    private static void Require(StapleVerdictKind expected, StapleVerdictKind verdict)
    {
        if (verdict != expected)
            throw new BenchmarkException($"The staple is {verdict}, not {expected}: nothing was measured.");
    }

    // The lab refreshes every few seconds, for people to watch; a site does not.
    private static readonly string[] SeldomRefreshed = ["--OcspStapling:MinimumRefreshInterval=00:10:00"];
    private static int Rounds => Effort.Of(10, quick: 1);
    private static int PerRound => Effort.Of(400, quick: 10);
    private static int WarmUp => Effort.Of(1000, quick: 10);
    private const double Limit = 1.06;

    private readonly record struct Cost(TimeSpan Cpu, long Bytes)
    {
        public static Cost operator +(Cost left, Cost right) => new(left.Cpu + right.Cpu, left.Bytes + right.Bytes);
    }

    private sealed class CountingStream(Socket socket) : NetworkStream(socket)
    {
        public long BytesRead { get; private set; }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            var read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            BytesRead += read;
            return read;
        }
    }
}
