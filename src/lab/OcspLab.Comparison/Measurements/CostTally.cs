using OcspLab.Comparison.Servers;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Comparison.Measurements;

/// <summary>The rounds of one kind of handshake with one site.</summary>
internal sealed class CostTally : IDisposable
{
    private readonly HandshakeKind _kind;
    private readonly List<double> _rounds = [];
    private OpenSslClient[]? _clients;
    private long _bytes;
    private int _handshakes;

    /// <param name="site">The site.</param>
    /// <param name="kind">The kind of handshake.</param>
    public CostTally(MeasuredSite site, HandshakeKind kind) => (Site, _kind) = (site, kind);

    public MeasuredSite Site { get; }

    /// <summary>Whether a handshake was not what it should be: nothing is told of it then.</summary>
    public bool HasFailed { get; set; }

    /// <summary>One round.</summary>
    /// <param name="handshakes">How many handshakes, all clients together.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LabException">A handshake is not what it should be.</exception>
    public async Task RunAsync(int handshakes, CancellationToken cancellationToken)
    {
        var clients = _clients ??= CreateClients();
        var each = Math.Max(1, handshakes / clients.Length);
        var before = Site.ReadProcessorTimes();
        await Task.WhenAll(clients.Select(client => RunAsync(client, each, cancellationToken))).ConfigureAwait(false);
        var time = Site.ReadProcessorTimeSince(before);
        var count = each * clients.Length;
        _handshakes += count;
        _rounds.Add(Math.Round(time.TotalMilliseconds / count, 4));
    }

    /// <summary>What came of all sites, each beside nginx and plain Kestrel round by round.</summary>
    public static IEnumerable<HandshakeCost> Compare(IReadOnlyList<CostTally> tallies, KeyAlgorithm key)
    {
        var kestrel = Find(LabTopology.Kestrel, ServerStapling.Off);
        return tallies.Select(tally => new HandshakeCost(
            tally.Site.Server,
            key,
            tally._kind.Version,
            tally._kind.Session,
            tally.Site.Place.Stapling,
            tally._kind.Clients,
            Spread.Of(tally._rounds),
            tally.DividedBy(Find(LabTopology.Nginx, tally.Site.Place.Stapling)),
            tally.DividedBy(kestrel),
            tally._bytes,
            tally._handshakes
        ));

        CostTally? Find(string server, ServerStapling stapling) =>
            tallies.FirstOrDefault(tally => tally.Site.Server == server && tally.Site.Place.Stapling == stapling);
    }

    public void Dispose() => Array.ForEach(_clients ?? [], client => client.Dispose());

    private Spread? DividedBy(CostTally? other) =>
        other is null || other == this
            ? null
            : Spread.Of(_rounds.Zip(other._rounds, (ours, theirs) => Math.Round(ours / theirs, 3)));

    private OpenSslClient[] CreateClients()
    {
        var clients = Enumerable
            .Range(0, _kind.Clients)
            .Select(_ => new OpenSslClient(Site.Place.Port, LabTopology.SiteHost, _kind.Version))
            .ToArray();
        if (_kind.Session == SessionKind.Resumed)
            Array.ForEach(clients, client => client.KeepSession());
        return clients;
    }

    // OpenSSL blocks: each client has a thread of its own.
    private Task RunAsync(OpenSslClient client, int handshakes, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < handshakes; i++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var handshake = client.Connect();
                    Site.Require(handshake, _kind.Session);
                    Interlocked.Exchange(ref _bytes, handshake.BytesRead);
                }
            },
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
}
