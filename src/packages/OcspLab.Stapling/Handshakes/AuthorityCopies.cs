using System.Security.Cryptography.X509Certificates;
using OcspLab.Stapling.Certificates;

namespace OcspLab.Stapling.Handshakes;

/// <summary>
/// Copies of authorities' certificates, since an application may dispose of its own: one for all the certificates that
/// come with it, for as long as any of them is served. Not thread-safe.
/// </summary>
internal sealed class AuthorityCopies
{
    private readonly Dictionary<string, WeakReference<X509Certificate2>> _copies = new(StringComparer.Ordinal);
    private int _tidyAt = FewEntries;

    /// <summary>Copies of these.</summary>
    public X509Certificate2Collection Of(X509Certificate2Collection chain) => [.. chain.Select(Of)];

    private X509Certificate2 Of(X509Certificate2 authority)
    {
        var key = StapleSlot.KeyOf(authority);
        if (_copies.TryGetValue(key, out var known) && known.TryGetTarget(out var copy))
            return copy;
        if (_copies.Count >= _tidyAt)
            Tidy();
        copy = new X509Certificate2(authority);
        _copies[key] = new WeakReference<X509Certificate2>(copy);
        return copy;
    }

    // Each entry is looked at a constant number of times.
    private void Tidy()
    {
        foreach (var (key, _) in _copies.Where(entry => !entry.Value.TryGetTarget(out _)).ToList())
            _copies.Remove(key);
        _tidyAt = Math.Max(FewEntries, 2 * _copies.Count);
    }

    private const int FewEntries = 64;
}
