using OcspLab.Lab.Topology;
using OcspLab.Responder.Journal;

namespace OcspLab.LabConsole.Watching;

/// <summary>What was seen of the lab: servers, events, the responder's journal. Thread-safe.</summary>
public sealed class LabHistory
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly List<ServerHistory> _servers = [];
    private readonly Queue<LabEvent> _events = new();
    private readonly Queue<JournalEntry> _journal = new();
    private ResponderView _responder = ResponderView.Unknown;
    private volatile bool _isPaused;
    private int _watchers;
    private long? _left;

    public LabHistory(TimeProvider clock)
    {
        _clock = clock;
        Began = clock.GetUtcNow();
    }

    /// <summary>Something is new. Raised on any thread.</summary>
    public event Action? Changed;

    /// <summary>When watching began.</summary>
    public DateTimeOffset Began { get; }

    /// <summary>
    /// Whether somebody looks, or did until just now. While nobody does, nobody shakes hands: the servers are as they
    /// would be without this page.
    /// </summary>
    public bool IsWatched
    {
        get
        {
            lock (_gate)
                return _watchers > 0 || (_left is { } left && _clock.GetElapsedTime(left) < LeaveTimeout);
        }
    }

    /// <summary>Somebody looks, until this is disposed.</summary>
    public IDisposable Watch()
    {
        lock (_gate)
            _watchers++;
        return new Watcher(this);
    }

    /// <summary>Whether nobody shakes hands for now.</summary>
    public bool IsPaused
    {
        get => _isPaused;
        set
        {
            if (_isPaused == value)
                return;
            _isPaused = value;
            Add(value ? LabEventKind.Paused : LabEventKind.Resumed);
        }
    }

    /// <summary>The lab, or null while none runs.</summary>
    public LabTopology? Topology { get; private set; }

    /// <summary>How the responder is.</summary>
    public ResponderView Responder
    {
        get
        {
            lock (_gate)
                return _responder;
        }
    }

    /// <summary>Each server that is watched, in the lab's order.</summary>
    public IReadOnlyList<ServerHistory> Servers
    {
        get
        {
            lock (_gate)
                return [.. _servers];
        }
    }

    /// <summary>A server, or null.</summary>
    public ServerHistory? Find(string name) => Servers.FirstOrDefault(server => server.Name == name);

    /// <summary>Takes up what a lab consists of.</summary>
    public void Follow(LabTopology? topology)
    {
        lock (_gate)
        {
            Topology = topology;
            if (topology is null)
                return;
            var servers = ServersOf(topology);
            _servers.RemoveAll(known => !servers.Contains(new WatchedServer(known.Name, known.Port)));
            foreach (var server in servers)
                if (_servers.All(known => known.Name != server.Name))
                    _servers.Add(new ServerHistory(server.Name, server.Port));
        }
    }

    /// <summary>Puts an event down; what two observers tell within moments is one.</summary>
    public void Add(LabEventKind kind, string about = "", DateTimeOffset? at = null)
    {
        var happened = at ?? _clock.GetUtcNow();
        lock (_gate)
        {
            if (
                _events.Any(known =>
                    known.Kind == kind && known.About == about && (known.At - happened).Duration() < DuplicateTolerance
                )
            )
                return;
            _events.Enqueue(new LabEvent(happened, kind, about));
            while (_events.Count > MostEvents)
                _events.Dequeue();
        }

        Tell();
    }

    /// <summary>The events from a moment on, in their order.</summary>
    public IReadOnlyList<LabEvent> EventsSince(DateTimeOffset from)
    {
        lock (_gate)
            return [.. _events.Where(known => known.At >= from).OrderBy(known => known.At)];
    }

    /// <summary>Puts down what the responder says of itself.</summary>
    public void Set(ResponderView responder)
    {
        lock (_gate)
            _responder = responder;
    }

    /// <summary>Puts down requests that the responder answered.</summary>
    public void Add(IEnumerable<JournalEntry> entries)
    {
        lock (_gate)
        {
            foreach (var entry in entries)
                _journal.Enqueue(entry);
            while (_journal.Count > MostRequests)
                _journal.Dequeue();
        }
    }

    /// <summary>The responder's journal from a moment on, in order.</summary>
    public IReadOnlyList<JournalEntry> JournalSince(DateTimeOffset from)
    {
        lock (_gate)
            return [.. _journal.Where(entry => entry.At >= from)];
    }

    /// <summary>Tells who watches.</summary>
    public void Tell() => Changed?.Invoke();

    /// <summary>The servers of a lab with their ports.</summary>
    public static IReadOnlyList<WatchedServer> ServersOf(LabTopology topology)
    {
        List<WatchedServer> servers =
        [
            new(LabTopology.Kestrel, topology.Ports.Kestrel),
            new(LabTopology.KestrelBuiltIn, topology.Ports.KestrelBuiltIn),
        ];
        if (topology.NginxSource != NginxSource.Off)
            servers.Add(new(LabTopology.Nginx, topology.Ports.Nginx));
        if (topology.NginxSource != NginxSource.Off && topology.KeepBeside == LabKeep.On)
            servers.Add(new(LabTopology.NginxKept, topology.Ports.NginxKept));
        servers.AddRange(topology.FleetSites.Select(site => new WatchedServer(site.Name, site.Port)));
        return servers;
    }

    private sealed class Watcher(LabHistory history) : IDisposable
    {
        private bool _isGone;

        public void Dispose()
        {
            lock (history._gate)
            {
                if (_isGone)
                    return;
                _isGone = true;
                history._watchers--;
                history._left = history._clock.GetTimestamp();
            }
        }
    }

    // A page that is loaded anew finds no gap.
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DuplicateTolerance = TimeSpan.FromSeconds(3);
    private const int MostEvents = 2_000;
    private const int MostRequests = 20_000;
}

/// <summary>A server to be watched.</summary>
/// <param name="Name">Its name in the lab.</param>
/// <param name="Port">Its port on 127.0.0.1.</param>
public sealed record WatchedServer(string Name, int Port);
