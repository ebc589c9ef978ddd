using System.Collections.Concurrent;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Stapling.Certificates;

/// <summary>Every certificate of the server, in the order in which they were met. Thread-safe.</summary>
internal sealed class CertificateDirectory
{
    private readonly ConcurrentDictionary<string, StapleSlot> _slots = new(StringComparer.OrdinalIgnoreCase);

    // By kind of key and host name, so that a renewed certificate finds the one before, and the other way round,
    // however many there are.
    private readonly Dictionary<(string KeyAlgorithm, string Name), List<StapleSlot>> _byName = [];
    private readonly Lock _gate = new();
    private long _count;

    /// <summary>All of them.</summary>
    public IReadOnlyList<StapleSlot> Slots => [.. _slots.Values.OrderBy(slot => slot.Order)];

    /// <summary>All of them, in no order.</summary>
    public ICollection<StapleSlot> Unordered => _slots.Values;

    /// <summary>The one with a thumbprint (SHA-256 in hexadecimal), or null.</summary>
    public StapleSlot? Find(string key) => _slots.GetValueOrDefault(key);

    /// <summary>Adds one that is not known yet.</summary>
    public void Add(StapleSlot slot)
    {
        lock (_gate)
        {
            slot.Order = ++_count;
            foreach (var name in slot.HostNames)
            {
                if (!_byName.TryGetValue((slot.KeyAlgorithm, name), out var those))
                    _byName[(slot.KeyAlgorithm, name)] = those = [];
                those.Add(slot);
            }
        }

        _slots[slot.Key] = slot;
    }

    /// <summary>Forgets one.</summary>
    public void Remove(StapleSlot slot)
    {
        _slots.TryRemove(KeyValuePair.Create(slot.Key, slot));
        lock (_gate)
        {
            foreach (var name in slot.HostNames)
            {
                if (_byName.TryGetValue((slot.KeyAlgorithm, name), out var those) && those.Remove(slot))
                {
                    if (those.Count == 0)
                        _byName.Remove((slot.KeyAlgorithm, name));
                }
            }
        }
    }

    /// <summary>
    /// Whether handshakes use a newer certificate for the same names since this one was used last, with a key of the
    /// same kind: an RSA and an ECDSA certificate live side by side.
    /// </summary>
    public bool HasSuccessor(StapleSlot slot) =>
        Namesakes(slot)
            .Exists(other =>
                IsRenewalOf(other, slot) && Covers(slot, other) && other.WasUsed && other.LastUsed > slot.LastUsed
            );

    /// <summary>The certificate that one takes the place of and that has a good staple, or null.</summary>
    public StapleSlot? FindPredecessor(StapleSlot slot) =>
        Namesakes(slot)
            .FindLast(other =>
                IsRenewalOf(slot, other) && Covers(other, slot) && other.Current is { Status.Kind: CertStatusKind.Good }
            );

    private List<StapleSlot> Namesakes(StapleSlot slot)
    {
        if (slot.HostNames.Count == 0)
            return [];
        lock (_gate)
            return _byName.TryGetValue((slot.KeyAlgorithm, slot.HostNames[0]), out var those) ? [.. those] : [];
    }

    private static bool IsRenewalOf(StapleSlot newer, StapleSlot older) =>
        newer.Order > older.Order && newer.NotBefore >= older.NotBefore && Covers(newer, older);

    private static bool Covers(StapleSlot slot, StapleSlot other) =>
        other.HostNames.All(name => slot.HostNames.Contains(name));
}
