using OcspLab.Lab.Timelines;

namespace OcspLab.LabConsole.Watching;

/// <summary>What was seen of one server, the last hours of it. Thread-safe.</summary>
public sealed class ServerHistory(string name, int port)
{
    private readonly Lock _gate = new();
    private readonly Queue<Sighting> _sightings = new();
    private Sighting? _last;
    private Sighting? _first;
    private long _count;

    /// <summary>The server's name in the lab.</summary>
    public string Name => name;

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port => port;

    /// <summary>The last handshake, or null before the first.</summary>
    public Sighting? Last
    {
        get
        {
            lock (_gate)
                return _last;
        }
    }

    /// <summary>
    /// The first of the handshakes that were all like the last one, without a gap in between; null before the first.
    /// </summary>
    public Sighting? FirstAlike
    {
        get
        {
            lock (_gate)
                return _first;
        }
    }

    /// <summary>Puts a handshake down, and forgets what is too old.</summary>
    public void Add(
        DateTimeOffset at,
        HandshakeResult result,
        string? reason = null,
        TimeSpan duration = default,
        Showing? showing = null
    )
    {
        lock (_gate)
        {
            // One object for all that are the same: hours of them are a few bytes each.
            if (showing is not null && _last?.Showing is { } former && former.IsLike(showing))
                showing = former;
            // Two may be under way at once, and clocks step back: the order is that of their ends.
            if (_last is { } latest && at < latest.At)
                at = latest.At;
            var isAlike = _last is { } before && before.Result == result && at - before.At <= LongestGap;
            _last = new Sighting(++_count, at, result, reason, duration, showing);
            _first = isAlike ? _first : _last;
            _sightings.Enqueue(_last);
            while (_sightings.Peek().At < at - Memory || _sightings.Count > MostSightings)
                _sightings.Dequeue();
        }
    }

    /// <summary>What was seen from a moment on, in order.</summary>
    public IReadOnlyList<Sighting> Since(DateTimeOffset from)
    {
        lock (_gate)
            return [.. _sightings.Where(sighting => sighting.At >= from)];
    }

    /// <summary>One handshake, or null when it was forgotten.</summary>
    public Sighting? Find(long number)
    {
        lock (_gate)
            return _sightings.FirstOrDefault(sighting => sighting.Number == number);
    }

    /// <summary>How long it remembers.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(4);

    /// <summary>
    /// How far apart two handshakes may be for what is between them to be taken for seen; one that fails takes five
    /// seconds.
    /// </summary>
    public static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(6.5);

    private const int MostSightings = 50_000;
}
