using System.Collections.Concurrent;

namespace OcspLab.Stapling.Certificates;

/// <summary>Every certificate of the server, in the order in which they were met. Thread-safe.</summary>
internal sealed class CertificateDirectory
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private int _count;

    /// <summary>All of them.</summary>
    public IReadOnlyList<StapleSlot> Slots =>
        [.. _entries.Values.OrderBy(entry => entry.Order).Select(entry => entry.Slot)];

    /// <summary>The one with a thumbprint (SHA-256 in hexadecimal), or null.</summary>
    public StapleSlot? Find(string key) => _entries.TryGetValue(key, out var entry) ? entry.Slot : null;

    /// <summary>Adds one, or puts it in the place of what was known of the same certificate.</summary>
    public void Put(StapleSlot slot) => _entries[slot.Key] = new Entry(slot, Interlocked.Increment(ref _count));

    /// <summary>
    /// Whether nobody uses a certificate any more because there is a newer one. An application that makes its contexts
    /// anew for each handshake abandons them all the time; only a newer certificate for all of its names, with a key of
    /// the same kind, says that this one is over.
    /// </summary>
    public bool IsReplaced(StapleSlot slot) => slot.IsAbandoned && HasSuccessor(slot);

    private bool HasSuccessor(StapleSlot slot) =>
        _entries.TryGetValue(slot.Key, out var own)
        && _entries.Values.Any(other => other.Order > own.Order && Succeeds(other.Slot, slot));

    private static bool Succeeds(StapleSlot newer, StapleSlot older) =>
        newer.KeyAlgorithm == older.KeyAlgorithm
        && newer.NotBefore >= older.NotBefore
        // The first two are thumbprints.
        && older.Names.Skip(2).All(name => newer.Names.Contains(name, StringComparer.OrdinalIgnoreCase));

    private sealed record Entry(StapleSlot Slot, int Order);
}
