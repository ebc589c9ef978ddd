using System.Globalization;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Servers;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Probe;

namespace OcspLab.Comparison.Measurements;

/// <summary>How long until a client has shaken hands and knows the status.</summary>
/// <param name="Way">Where the status came from.</param>
/// <param name="RoundTrip">The emulated way to the responder and back.</param>
/// <param name="Milliseconds">From connecting to the server to the verified status.</param>
public sealed record Latency(StatusWay Way, TimeSpan RoundTrip, Spread Milliseconds);

/// <summary>How a client comes to the status.</summary>
public enum StatusWay
{
    /// <summary>In the handshake.</summary>
    Stapled,

    /// <summary>After the handshake, from the responder.</summary>
    AsksResponder,
}

/// <summary>
/// The article's first claim. The same site once with staples and once without; the client is OpenSSL, verifies with
/// this project's verifier and, without a staple, asks the responder on a fresh connection over a
/// <see cref="DelayedLink"/>. Looking up the responder's name is left out: it would only come on top of asking.
/// </summary>
internal sealed class LatencyMeasurement(ComparisonPlan plan, PartProgress progress)
{
    /// <summary>Runs. When it is cancelled, what was measured so far is the result.</summary>
    public async Task<IReadOnlyList<Latency>> RunAsync(ComparisonLab lab, CancellationToken cancellationToken)
    {
        var latencies = new List<Latency>();
        if (OpenSslClient.Missing is { } missing)
            throw new LabException(missing);

        var count = plan.Repeat * PerRound;
        var work = new WorkProgress(
            "latency",
            (WarmUp * WorkOf(TimeSpan.Zero)) + RoundTrips.Sum(roundTrip => count * WorkOf(roundTrip)),
            lab.Clock,
            progress
        );
        work.Begin("a client with a staple, and one that asks itself");
        var server = new KestrelServer(LabTopology.Kestrel);
        var places = await lab.IssueAsync(["latency-stapled", "latency-plain"], CertificateKind.Site, cancellationToken)
            .ConfigureAwait(false);
        var stapled = new ServerProcess(server, places[0], lab.Clock);
        var plain = new ServerProcess(server, places[1] with { Stapling = ServerStapling.Off }, lab.Clock);
        using var staples = new StatusCheck(lab, stapled.Place);
        using var asking = new StatusCheck(lab, plain.Place);
        await using (stapled.ConfigureAwait(false))
        await using (plain.ConfigureAwait(false))
        {
            try
            {
                await Task.WhenAll(stapled.ListenAsync(cancellationToken), plain.ListenAsync(cancellationToken))
                    .ConfigureAwait(false);
                // Until the runtimes at both ends have compiled what they run often.
                await MeasureAsync(lab.Topology.Ports.Responder, TimeSpan.Zero, WarmUp).ConfigureAwait(false);
                foreach (var roundTrip in RoundTrips)
                {
                    work.Begin(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{roundTrip.TotalMilliseconds:0} ms to the responder"
                        )
                    );
                    var link = new DelayedLink(lab.Topology.Ports.Responder, roundTrip, lab.Clock);
                    await using (link.ConfigureAwait(false))
                    {
                        var (fromStaple, fromResponder) = await MeasureAsync(link.Port, roundTrip, count)
                            .ConfigureAwait(false);
                        latencies.Add(new Latency(StatusWay.Stapled, roundTrip, Spread.Of(fromStaple)));
                        latencies.Add(new Latency(StatusWay.AsksResponder, roundTrip, Spread.Of(fromResponder)));
                    }
                }
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                // What was measured so far is kept.
            }
        }

        return latencies;

        // By turns, so that both have the same machine.
        async Task<(List<double> Stapled, List<double> Asking)> MeasureAsync(
            int responder,
            TimeSpan roundTrip,
            int times
        )
        {
            var fromStaple = new List<double>();
            var fromResponder = new List<double>();
            for (var i = 0; i < times; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var started = lab.Clock.GetTimestamp();
                Require(Shake(stapled.Place) is { } staple && staples.IsGood(staple), "The server did not staple good");
                fromStaple.Add(Milliseconds(started));
                started = lab.Clock.GetTimestamp();
                Require(Shake(plain.Place) is null, "The server stapled though it was told not to");
                Require(
                    asking.IsGood(await asking.AskAsync(responder, null, cancellationToken).ConfigureAwait(false)),
                    "The responder did not say good"
                );
                fromResponder.Add(Milliseconds(started));
                work.Done(WorkOf(roundTrip));
            }

            return (fromStaple, fromResponder);
        }

        double Milliseconds(long started) => Math.Round(lab.Clock.GetElapsedTime(started).TotalMilliseconds, 2);
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new LabException($"{otherwise}: nothing was measured.");
    }

    private static ReadOnlyMemory<byte>? Shake(ServerPlace place)
    {
        using var client = new OpenSslClient(place.Port, LabTopology.SiteHost, TlsVersion.Any);
        return client.Connect().Staple;
    }

    // In milliseconds, more or less: two handshakes, then a connection and a question over the link.
    private static double WorkOf(TimeSpan roundTrip) => 10 + (2 * roundTrip.TotalMilliseconds);

    private const int WarmUp = 100;
    private const int PerRound = 10;
    private static readonly TimeSpan[] RoundTrips =
    [
        TimeSpan.Zero,
        TimeSpan.FromMilliseconds(20),
        TimeSpan.FromMilliseconds(100),
    ];
}
