using System.Collections.Concurrent;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// Remembers which of a certificate's several URLs answered last, so that a dead first one is not tried first every
/// time. Thread-safe.
/// </summary>
internal sealed class UrlPreference
{
    private readonly ConcurrentDictionary<string, Uri> _lastGood = new(StringComparer.Ordinal);

    /// <summary>The URLs, the one that worked last first, the others in the certificate's order.</summary>
    public IReadOnlyList<Uri> Order(IReadOnlyList<Uri> urls) =>
        urls.Count > 1 && _lastGood.TryGetValue(Key(urls), out var good)
            ? [good, .. urls.Where(url => url != good)]
            : urls;

    public void Worked(IReadOnlyList<Uri> urls, Uri url)
    {
        if (urls.Count < 2)
            return;
        if (_lastGood.Count >= MaximumLists)
            _lastGood.Clear();
        _lastGood[Key(urls)] = url;
    }

    private static string Key(IReadOnlyList<Uri> urls) => string.Join(' ', urls.Select(url => url.AbsoluteUri));

    // Certificates of one authority share a list; more lists than this are not a pattern worth remembering.
    private const int MaximumLists = 1024;
}
