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
/// <param name="Milliseconds">Processor time of the server and its children for a handshake.</param>
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
    Spread Milliseconds,
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
/// Processor time and bytes of handshakes, one after the other from one client, for every server that is here, stapling
/// and not.
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
                ?? (Directory.Exists("/proc/self") ? null : "there is no /proc to read processor times from")
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
            {
                var lab = await ComparisonLab
                    .StartAsync(Validity, key, clock, progress.Say, cancellationToken)
                    .ConfigureAwait(false);
                await using (lab.ConfigureAwait(false))
                {
                    foreach (var server in servers)
                    {
                        work.Begin($"{server.Name}, {key.Describe()}");
                        await MeasureAsync(lab, server, key, costs, work, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // What was measured so far is kept.
        }

        return costs;
    }

    private async Task MeasureAsync(
        ComparisonLab lab,
        IStaplingServer server,
        KeyAlgorithm key,
        List<HandshakeCost> costs,
        WorkProgress work,
        CancellationToken cancellationToken
    )
    {
        var sites = new List<Site>();
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
                var site = new Site(new ServerProcess(server, place, clock), new StatusCheck(lab, place));
                sites.Add(site);
                await site.Process.ListenAsync(cancellationToken).ConfigureAwait(false);
                await WarmUpAsync(site, work, cancellationToken).ConfigureAwait(false);
            }

            foreach (var version in Versions)
            {
                foreach (var session in Enum.GetValues<SessionKind>())
                {
                    try
                    {
                        costs.AddRange(Measure(server, key, version, session, sites, work, cancellationToken));
                    }
                    catch (LabException exception) when (!cancellationToken.IsCancellationRequested)
                    {
                        await failures
                            .AddAsync(
                                $"cost, {server.Name}, {key.Describe()}, {version}, {session}",
                                exception,
                                cancellationToken
                            )
                            .ConfigureAwait(false);
                    }
                }
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            await failures
                .AddAsync($"cost, {server.Name}, {key.Describe()}", exception, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            foreach (var site in sites)
                await site.DisposeAsync().ConfigureAwait(false);
        }
    }

    // The rounds by turns, with staples and without: both have the same machine.
    private IEnumerable<HandshakeCost> Measure(
        IStaplingServer server,
        KeyAlgorithm key,
        TlsVersion version,
        SessionKind session,
        IReadOnlyList<Site> sites,
        WorkProgress work,
        CancellationToken cancellationToken
    )
    {
        var clients = sites.Select(site => new OpenSslClient(site.Place.Port, LabTopology.SiteHost, version)).ToArray();
        try
        {
            if (session == SessionKind.Resumed)
                Array.ForEach(clients, client => client.KeepSession());
            var count = HandshakesOfRound(session);
            var rounds = sites.Select(_ => new List<double>()).ToArray();
            var bytes = new long[sites.Count];
            for (var turn = 0; turn < plan.Repeat * sites.Count; turn++)
            {
                var index = turn % sites.Count;
                var before = sites[index].Process.ReadProcessorTime();
                for (var i = 0; i < count; i++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var handshake = clients[index].Connect();
                    sites[index].Require(handshake, session);
                    bytes[index] = handshake.BytesRead;
                }

                rounds[index]
                    .Add(Math.Round((sites[index].Process.ReadProcessorTime() - before).TotalMilliseconds / count, 3));
                work.Done(count);
            }

            return
            [
                .. sites.Select(
                    (site, index) =>
                        new HandshakeCost(
                            server.Name,
                            key,
                            version,
                            session,
                            site.Place.Stapling,
                            Spread.Of(rounds[index]),
                            bytes[index],
                            plan.Repeat * count
                        )
                ),
            ];
        }
        finally
        {
            Array.ForEach(clients, client => client.Dispose());
        }
    }

    // Until there is a staple, and until a runtime has compiled what it runs often.
    private async Task WarmUpAsync(Site site, WorkProgress work, CancellationToken cancellationToken)
    {
        foreach (var version in Versions)
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

    private int HandshakesOfRound(SessionKind session) =>
        session == SessionKind.New ? plan.Handshakes : plan.Handshakes * ResumedForNew;

    private int HandshakesOfServer() =>
        Enum.GetValues<ServerStapling>().Length
        * Versions.Length
        * (plan.WarmUp + Enum.GetValues<SessionKind>().Sum(session => plan.Repeat * HandshakesOfRound(session)));

    // They cost a server little, and its clock ticks are long.
    private const int ResumedForNew = 3;
    private static readonly TlsVersion[] Versions = [TlsVersion.Tls12, TlsVersion.Tls13];
    private static readonly TimeSpan StapleTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Validity = TimeSpan.FromHours(12);

    /// <summary>
    /// A server that runs, and whether its handshakes have the staple that they should; the same bytes are verified
    /// once.
    /// </summary>
    private sealed class Site(ServerProcess process, StatusCheck status) : IAsyncDisposable
    {
        private ReadOnlyMemory<byte> _good;

        public ServerProcess Process => process;

        public ServerPlace Place => process.Place;

        public bool Holds(OpenSslHandshake handshake)
        {
            if (Place.Stapling == ServerStapling.Off)
                return handshake.Staple is null;
            if (handshake.Staple is not { } staple)
                return false;
            if (staple.Span.SequenceEqual(_good.Span))
                return true;
            if (!status.IsGood(staple))
                return false;
            _good = staple;
            return true;
        }

        /// <summary>A handshake that is not what it should be is not counted: there is no result at all.</summary>
        public void Require(OpenSslHandshake handshake, SessionKind session)
        {
            if (session == SessionKind.Resumed && !handshake.IsResumed)
                throw new LabException("a session was not resumed");
            if (session == SessionKind.New && (handshake.IsResumed || !Holds(handshake)))
                throw new LabException(
                    Place.Stapling == ServerStapling.On ? "a handshake had no good staple" : "a handshake had a staple"
                );
        }

        public async ValueTask DisposeAsync()
        {
            status.Dispose();
            await process.DisposeAsync().ConfigureAwait(false);
        }
    }
}
