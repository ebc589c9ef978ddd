using System.Diagnostics;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using OcspLab.Probe;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Faults;

namespace OcspLab.Benchmarks;

/// <summary>
/// Real time, real processes: the sample site is killed (SIGKILL) and started again, and its responder fails in every
/// way, while a client shakes hands without a pause. Every handshake has a staple that verifies, and none goes without
/// while the one before is still valid.
/// </summary>
internal static class SoakRun
{
    public static async Task<bool> RunAsync(TimeSpan time)
    {
        var folder = Directory.CreateTempSubdirectory("ocsplab-soak-").FullName;
        try
        {
            var topology = SiteProcess.Topology(folder) with { Validity = TimeSpan.FromMinutes(1) };
            var lab = await EmbeddedLab
                .StartAsync(topology, TimeProvider.System, new LabBoard(), CancellationToken.None)
                .ConfigureAwait(false);
            await using var _ = lab.ConfigureAwait(false);
            using var admin = new ResponderAdminClient(topology.AdminUrl, AdminToken.Load(topology.AdminTokenFile));
            return await SoakAsync(topology, admin, time).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool> SoakAsync(LabTopology topology, ResponderAdminClient admin, TimeSpan time)
    {
        var chance = new Random(20261126);
        var tally = new Dictionary<string, int>(StringComparer.Ordinal);
        var (kills, faults) = (0, 0);
        var site = SiteProcess.Start(topology, Port, []);
        var validUntil = DateTimeOffset.MinValue;
        try
        {
            var started = Stopwatch.GetTimestamp();
            var next = TimeSpan.Zero;
            while (Stopwatch.GetElapsedTime(started) is var passed && passed < time)
            {
                if (passed >= next)
                {
                    next = passed + TimeSpan.FromSeconds(chance.Next(3, 9));
                    if (chance.Next(3) > 0)
                    {
                        site.Kill();
                        await site.WaitForExitAsync().ConfigureAwait(false);
                        site.Dispose();
                        site = SiteProcess.Start(topology, Port, []);
                        kills++;
                    }

                    await admin.RemoveFaultsAsync(null, CancellationToken.None).ConfigureAwait(false);
                    if (chance.Next(2) == 0)
                    {
                        var kind = Kinds[chance.Next(Kinds.Length)];
                        await admin.AddFaultAsync(new FaultOrder(kind), CancellationToken.None).ConfigureAwait(false);
                        faults++;
                    }
                }

                var staple = await HandshakeAsync().ConfigureAwait(false);
                validUntil = staple?.NextUpdate ?? validUntil;
                var outcome = staple switch
                {
                    null => Down,
                    { Verdict: StapleVerdictKind.Good } => Good,
                    { Verdict: StapleVerdictKind.Absent } when validUntil <= TimeProvider.System.GetUtcNow() => Over,
                    { Verdict: var other } => other.ToString().ToLowerInvariant(),
                };
                tally[outcome] = tally.GetValueOrDefault(outcome) + 1;
            }
        }
        finally
        {
            site.Kill();
            site.Dispose();
        }

        Console.WriteLine($"{time.TotalMinutes:0} minutes, {kills} kills, {faults} times a responder that fails");
        foreach (var (outcome, count) in tally.OrderByDescending(pair => pair.Value))
            Console.WriteLine($"  {outcome}: {count}");
        if (!tally.ContainsKey(Good))
            throw new BenchmarkException("No handshake had a staple.");
        if (tally.Keys.Except([Good, Down, Over]).Any())
            throw new BenchmarkException("A handshake had a wrong staple, or none while one was valid.");
        return true;
    }

    /// <returns>The staple, or null while the site is down.</returns>
    private static async Task<StapleVerdict?> HandshakeAsync()
    {
        try
        {
            var handshake = await new TlsProbe(TimeProvider.System)
                .ConnectAsync(
                    "127.0.0.1",
                    Port,
                    LabTopology.SiteHost,
                    TlsVersion.Any,
                    TimeSpan.FromSeconds(15),
                    CancellationToken.None
                )
                .ConfigureAwait(false);
            return StapleInspector.Inspect(handshake, [], TimeProvider.System.GetUtcNow()).Staple;
        }
        catch (ProbeException)
        {
            await Task.Delay(50).ConfigureAwait(false);
            return null;
        }
    }

    private const string Good = "good";
    private const string Down = "no connection: the site is down";
    private const string Over = "no staple: the last one is over, and the responder fails";
    private const int Port = 9545;

    private static readonly FaultKind[] Kinds =
    [
        FaultKind.TryLater,
        FaultKind.Malformed,
        FaultKind.Truncated,
        FaultKind.WrongSerial,
        FaultKind.BadSignature,
        FaultKind.Expired,
        FaultKind.Future,
        FaultKind.Unknown,
    ];
}
