using OcspLab.LabConsole.Watching;
using OcspLab.Lab.Timelines;
using OcspLab.Lab.Topology;
using OcspLab.Probe;

namespace OcspLab.LabConsole.Acting;

/// <summary>Many clients at once.</summary>
public sealed class ClientBurst(int port, TimeProvider clock)
{
    /// <summary>Shakes hands with a server.</summary>
    /// <param name="clients">How many clients; sixteen at a time.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What they saw, for people.</returns>
    public async Task<string> RunAsync(int clients, CancellationToken cancellationToken)
    {
        var results = new HandshakeResult[clients];
        await Parallel
            .ForAsync(
                0,
                clients,
                new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
                async (client, cancel) => results[client] = await ShakeHandsAsync(cancel).ConfigureAwait(false)
            )
            .ConfigureAwait(false);
        return $"{clients} clients: "
            + string.Join(", ", results.CountBy(result => result).Select(seen => $"{seen.Value} {seen.Key.ToWords()}"));
    }

    private async Task<HandshakeResult> ShakeHandsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var handshake = await new TlsProbe(clock)
                .ConnectAsync(
                    "127.0.0.1",
                    port,
                    LabTopology.SiteHost,
                    TlsVersion.Any,
                    HandshakeTimeout,
                    cancellationToken
                )
                .ConfigureAwait(false);
            return Showing.Of(handshake, clock.GetUtcNow()).Result;
        }
        catch (ProbeException)
        {
            return HandshakeResult.Refused;
        }
    }

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);
}
