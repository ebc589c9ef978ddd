using System.Net;
using System.Net.Sockets;
using DnsClient;

namespace OcspLab.Ocsp.Fetching;

/// <summary>
/// Opens connections to responders through name servers of one's own choice, with a deadline and a cache time, as
/// nginx's <c>resolver</c> and <c>resolver_timeout</c> do.
/// </summary>
internal sealed class DnsConnector
{
    private readonly LookupClient _lookup;

    public DnsConnector(OcspClientOptions options)
    {
        var servers = options.Resolvers.Select(ParseServer).ToArray();
        _lookup = new LookupClient(
            new LookupClientOptions(servers)
            {
                Timeout = options.ResolverTimeout,
                Retries = 1,
                UseCache = options.ResolverValid != TimeSpan.Zero,
                MinimumCacheTimeout = options.ResolverValid,
                MaximumCacheTimeout = options.ResolverValid,
            }
        );
    }

    /// <summary>Reads <c>address</c>, <c>address:port</c> or <c>[address]:port</c>.</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static IPEndPoint ParseServer(string text) =>
        IPEndPoint.TryParse(text, out var server)
            ? new IPEndPoint(server.Address, server.Port == 0 ? 53 : server.Port)
            : throw new FormatException(
                $"'{text}' is not a name server: write an address, with a port if it isn't 53."
            );

    public async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken
    )
    {
        var addresses = await ResolveAsync(context.DnsEndPoint.Host, cancellationToken).ConfigureAwait(false);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        // Both at once: some resolvers never answer a question for AAAA, and a host may have no other address.
        var v4 = QueryAsync(host, QueryType.A, cancellationToken);
        var v6 = QueryAsync(host, QueryType.AAAA, cancellationToken);
        var first = await v4.ConfigureAwait(false);
        if (first.Length > 0)
            await ((Task)v6).WaitAsync(Grace, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var second = first.Length == 0 || v6.IsCompletedSuccessfully ? await v6.ConfigureAwait(false) : [];
        cancellationToken.ThrowIfCancellationRequested();
        return first.Length + second.Length > 0
            ? [.. first, .. second]
            : throw new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<IPAddress[]> QueryAsync(string host, QueryType type, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _lookup
                .QueryAsync(host, type, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return [.. answer.Answers.AddressRecords().Select(record => record.Address)];
        }
        catch (DnsResponseException)
        {
            // Told by the caller, in the words that the handler knows from the system's resolver.
            return [];
        }
    }

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(200);
}
