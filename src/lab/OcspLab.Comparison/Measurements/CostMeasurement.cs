using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Servers;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Probe;

namespace OcspLab.Comparison.Measurements;

/// <summary>What one kind of handshake costs a server.</summary>
/// <param name="Server">The server.</param>
/// <param name="Key">Its certificate's kind of key.</param>
/// <param name="Version">The version of TLS.</param>
/// <param name="Session">New or resumed.</param>
/// <param name="Stapling">Whether the server was set up to staple.</param>
/// <param name="Clients">How many clients shook hands at once, each one handshake after the other.</param>
/// <param name="Milliseconds">Processor time of the server and its children for a handshake.</param>
/// <param name="ToNginx">
/// That, divided by nginx's with staples as this one in the same round; null where nginx takes no part.
/// </param>
/// <param name="ToPlainKestrel">The same by Kestrel's without this library and without any stapling.</param>
/// <param name="Bytes">What the server sends in one.</param>
/// <param name="Handshakes">
/// How many were counted; each new one was looked at for its staple, or the lack of it.
/// </param>
public sealed record HandshakeCost(
    string Server,
    KeyAlgorithm Key,
    TlsVersion Version,
    SessionKind Session,
    ServerStapling Stapling,
    int Clients,
    Spread Milliseconds,
    Spread? ToNginx,
    Spread? ToPlainKestrel,
    long Bytes,
    int Handshakes
)
{
    /// <summary>
    /// What a server may send before the client has to answer: ten segments of 1,460 bytes (RFC 6928 §2).
    /// </summary>
    public const int InitialWindow = 14_600;
}

/// <summary>Whether a handshake begins a session.</summary>
public enum SessionKind
{
    /// <summary>With certificate and key exchange.</summary>
    New,

    /// <summary>An earlier session goes on: no certificate, and so no staple.</summary>
    Resumed,
}

/// <summary>
/// Processor time and bytes of handshakes, for every server that is here, stapling and not. All of them run at once,
/// and each round goes through them by turns: a machine that others share is the same for all of a round.
/// </summary>
internal sealed class CostMeasurement(
    ComparisonPlan plan,
    IReadOnlyList<IStaplingServer> servers,
    FailureLog failures,
    TimeProvider clock,
    PartProgress progress
)
{
    /// <summary>Runs. When it is cancelled, what was measured so far is the result.</summary>
    public async Task<IReadOnlyList<HandshakeCost>> RunAsync(CancellationToken cancellationToken)
    {
        var costs = new List<HandshakeCost>();
        if (
            (
                OpenSslClient.Missing
                ?? (Directory.Exists("/proc/self") ? null : "there is no /proc to find a server's processes in")
            ) is
            { } missing
        )
            throw new LabException(missing);
        var work = new WorkProgress(
            "cost",
            KeyAlgorithms.ForServers.Count * servers.Count * HandshakesOfServer(),
            clock,
            progress
        );
        try
        {
            foreach (var key in KeyAlgorithms.ForServers)
                await MeasureAsync(key, costs, work, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // What was measured so far is kept.
        }

        return costs;
    }

    private async Task MeasureAsync(
        KeyAlgorithm key,
        List<HandshakeCost> costs,
        WorkProgress work,
        CancellationToken cancellationToken
    )
    {
        var lab = await ComparisonLab
            .StartAsync(Validity, key, clock, progress.Say, cancellationToken)
            .ConfigureAwait(false);
        await using (lab.ConfigureAwait(false))
        {
            var sites = new List<MeasuredSite>();
            try
            {
                foreach (var server in servers)
                {
                    work.Begin($"{server.Name}, {key.Describe()}");
                    sites.AddRange(await StartAsync(lab, server, key, work, cancellationToken).ConfigureAwait(false));
                }

                foreach (var kind in HandshakeKind.All)
                {
                    work.Begin($"{key.Describe()}, {kind}");
                    costs.AddRange(await MeasureAsync(sites, key, kind, work, cancellationToken).ConfigureAwait(false));
                }
            }
            finally
            {
                foreach (var site in sites)
                    await site.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <returns>A server with staples and without; none where one of them cannot be had.</returns>
    private async Task<IReadOnlyList<MeasuredSite>> StartAsync(
        ComparisonLab lab,
        IStaplingServer server,
        KeyAlgorithm key,
        WorkProgress work,
        CancellationToken cancellationToken
    )
    {
        var sites = new List<MeasuredSite>();
        try
        {
            foreach (var stapling in Enum.GetValues<ServerStapling>())
            {
                var place = await lab.IssueAsync(
                        $"{server.Name}-cost-{stapling.ToString().ToLowerInvariant()}",
                        CertificateKind.Site,
                        cancellationToken
                    )
                    .ConfigureAwait(false) with
                {
                    Stapling = stapling,
                };
                var process = new ServerProcess(server, place, clock);
                var site = new MeasuredSite(server.Name, process, new StatusCheck(lab, place));
                sites.Add(site);
                await process.ListenAsync(cancellationToken).ConfigureAwait(false);
                await WarmUpAsync(site, work, cancellationToken).ConfigureAwait(false);
            }

            return sites;
        }
        catch (Exception exception)
        {
            foreach (var site in sites)
                await site.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            await failures
                .AddAsync($"cost, {server.Name}, {key.Describe()}", exception, cancellationToken)
                .ConfigureAwait(false);
            return [];
        }
    }

    private async Task<IEnumerable<HandshakeCost>> MeasureAsync(
        IReadOnlyList<MeasuredSite> sites,
        KeyAlgorithm key,
        HandshakeKind kind,
        WorkProgress work,
        CancellationToken cancellationToken
    )
    {
        var tallies = sites.Select(site => new CostTally(site, kind)).ToArray();
        try
        {
            for (var round = 0; round < plan.Repeat; round++)
            {
                foreach (var tally in tallies.Where(tally => !tally.HasFailed))
                {
                    try
                    {
                        await tally.RunAsync(plan.Handshakes, cancellationToken).ConfigureAwait(false);
                    }
                    catch (LabException exception) when (!cancellationToken.IsCancellationRequested)
                    {
                        tally.HasFailed = true;
                        await failures
                            .AddAsync(
                                $"cost, {tally.Site.Server}, {key.Describe()}, {kind}",
                                exception,
                                cancellationToken
                            )
                            .ConfigureAwait(false);
                    }

                    work.Done(plan.Handshakes);
                }
            }

            return CostTally.Compare([.. tallies.Where(tally => !tally.HasFailed)], key);
        }
        finally
        {
            Array.ForEach(tallies, tally => tally.Dispose());
        }
    }

    // Until there is a staple, and until a runtime has compiled what it runs often.
    private async Task WarmUpAsync(MeasuredSite site, WorkProgress work, CancellationToken cancellationToken)
    {
        foreach (var version in HandshakeKind.Versions)
        {
            using var client = new OpenSslClient(site.Place.Port, LabTopology.SiteHost, version);
            var started = clock.GetTimestamp();
            while (!site.Holds(client.Connect()))
            {
                if (clock.GetElapsedTime(started) > StapleTimeout)
                    throw new LabException($"there was no staple within {StapleTimeout.TotalSeconds:0} s");
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken).ConfigureAwait(false);
            }

            for (var i = 0; i < plan.WarmUp; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                client.Connect();
                work.Done(1);
            }
        }
    }

    private int HandshakesOfServer() =>
        Enum.GetValues<ServerStapling>().Length
        * ((HandshakeKind.Versions.Count * plan.WarmUp) + (HandshakeKind.All.Count * plan.Repeat * plan.Handshakes));

    private static readonly TimeSpan StapleTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Validity = TimeSpan.FromHours(12);
}
