using System.Collections.Concurrent;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// Keeps the caches of addresses: HTTP handlers are renewed every few minutes, what a name server said may hold longer.
/// </summary>
internal sealed class DnsConnectors
{
    private readonly ConcurrentDictionary<
        (string Servers, TimeSpan Timeout, TimeSpan? Valid),
        DnsConnector
    > _connectors = new();

    public DnsConnector For(OcspClientOptions options) =>
        _connectors.GetOrAdd(
            (string.Join(' ', options.Resolvers), options.ResolverTimeout, options.ResolverValid),
            (_, settings) => new DnsConnector(settings),
            options
        );
}
