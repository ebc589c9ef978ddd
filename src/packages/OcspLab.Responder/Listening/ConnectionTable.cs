using System.Net;
using System.Net.Sockets;

namespace OcspLab.Responder.Listening;

/// <summary>
/// The connections that are open: no more than there may be, and of one address no more than its share. A new one that
/// finds no room takes that of the one that has asked nothing for longest, so idle ones keep nobody out. Thread-safe.
/// </summary>
/// <param name="maximum">How many there may be.</param>
/// <param name="share">How many of one address there may be.</param>
/// <param name="clock">Measures how long they are idle.</param>
internal sealed class ConnectionTable(int maximum, int share, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<AdmittedConnection> _all = new();
    private readonly Dictionary<IPAddress, LinkedList<AdmittedConnection>> _byAddress = [];

    /// <summary>How many are open.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _all.Count;
        }
    }

    /// <summary>Makes room for a connection, or null where there is none.</summary>
    /// <param name="remote">Whose it is.</param>
    /// <param name="close">Closes it, at once.</param>
    public AdmittedConnection? TryAdmit(EndPoint? remote, Action close)
    {
        AdmittedConnection? evicted = null;
        AdmittedConnection? admitted = null;
        lock (_lock)
        {
            var address = Whose(remote);
            var theirs = _byAddress.GetValueOrDefault(address);
            if (theirs?.Count >= share)
                evicted = TakeIdle(theirs);
            else if (_all.Count >= maximum)
                // Whoever has most of it gives, if there is an idle one.
                evicted = TakeIdle(_byAddress.Values.MaxBy(its => its.Count)!) ?? TakeIdle(_all);
            if (evicted is not null || (_all.Count < maximum && !(theirs?.Count >= share)))
            {
                // Theirs may have been the one that went.
                if (!_byAddress.TryGetValue(address, out theirs))
                    _byAddress[address] = theirs = new LinkedList<AdmittedConnection>();
                admitted = new AdmittedConnection(this, address, close, clock);
                admitted.InAll = _all.AddLast(admitted);
                admitted.InAddress = theirs.AddLast(admitted);
            }
        }

        evicted?.Close();
        return admitted;
    }

    /// <summary>It was closed.</summary>
    public void Remove(AdmittedConnection connection)
    {
        lock (_lock)
        {
            if (connection is not { InAll: { } inAll, InAddress: { } inAddress })
                return;
            connection.InAll = connection.InAddress = null;
            _all.Remove(inAll);
            var theirs = inAddress.List!;
            theirs.Remove(inAddress);
            if (theirs.Count == 0)
                _byAddress.Remove(connection.Address);
        }
    }

    // The lists are in the order in which connections were last seen here. One that has asked since goes to the end,
    // and a few are looked at only: whoever connects must not make others wait.
    private AdmittedConnection? TakeIdle(LinkedList<AdmittedConnection> list)
    {
        for (var look = Math.Min(MostLooks, list.Count); look > 0 && list.First is { Value: var first }; look--)
        {
            if (first.TakeActivity() || first.IsBusy || first.IdleFor < LeastIdle)
            {
                list.RemoveFirst();
                var node = list.AddLast(first);
                if (list == _all)
                    first.InAll = node;
                else
                    first.InAddress = node;
                continue;
            }

            Remove(first);
            return first;
        }

        return null;
    }

    // Of IPv6 a subscriber has 64 bits of addresses (RFC 6177).
    private static IPAddress Whose(EndPoint? remote)
    {
        if (remote is not IPEndPoint { Address: var address })
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var octets = address.GetAddressBytes();
        octets.AsSpan(8).Clear();
        return new IPAddress(octets);
    }

    private const int MostLooks = 32;
    private static readonly TimeSpan LeastIdle = TimeSpan.FromSeconds(1);
}

/// <summary>A connection that has its place.</summary>
internal sealed class AdmittedConnection(ConnectionTable table, IPAddress address, Action close, TimeProvider clock)
{
    private long _activeAt = clock.GetTimestamp();
    private bool _wasActive;
    private int _requests;

    public IPAddress Address => address;

    public TimeSpan IdleFor => clock.GetElapsedTime(Volatile.Read(ref _activeAt));

    /// <summary>Of the table alone.</summary>
    public LinkedListNode<AdmittedConnection>? InAll { get; set; }

    /// <inheritdoc cref="InAll"/>
    public LinkedListNode<AdmittedConnection>? InAddress { get; set; }

    /// <summary>Whether a request is being answered.</summary>
    public bool IsBusy => Volatile.Read(ref _requests) > 0;

    /// <summary>A request was answered.</summary>
    public void End() => Interlocked.Decrement(ref _requests);

    /// <summary>A request has come.</summary>
    public void Begin()
    {
        Interlocked.Increment(ref _requests);
        Volatile.Write(ref _activeAt, clock.GetTimestamp());
        Volatile.Write(ref _wasActive, true);
    }

    /// <summary>Whether one has come since the last call.</summary>
    public bool TakeActivity()
    {
        var wasActive = Volatile.Read(ref _wasActive);
        Volatile.Write(ref _wasActive, false);
        return wasActive;
    }

    public void Close() => close();

    public void Leave() => table.Remove(this);
}
