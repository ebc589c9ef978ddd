using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;
using OcspLab.Probe;

namespace OcspLab.Lab.Hosting;

/// <summary>Waits for a server's first staple, the way a client would see it.</summary>
internal sealed class FirstStaple(LabBoard board, OcspInCertificates ocsp, TimeProvider clock)
{
    /// <summary>Shakes hands until there is a verified staple, and puts down how it went.</summary>
    /// <param name="name">The server's name.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="handshakes">How many at most.</param>
    /// <param name="nginx">The process, where it is one that may end meanwhile.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LabException">The process has ended.</exception>
    /// <exception cref="ProbeException">The server cannot be reached.</exception>
    public async Task AwaitAsync(
        string name,
        int port,
        int handshakes,
        NginxProcess? nginx,
        CancellationToken cancellationToken
    )
    {
        var probe = new TlsProbe(clock);
        // A server that does not listen yet has not been asked.
        var answered = 0;
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                var handshake = await probe
                    .ConnectAsync("127.0.0.1", port, LabTopology.SiteHost, TlsVersion.Any, Timeout, cancellationToken)
                    .ConfigureAwait(false);
                answered++;
                var verdict = StapleInspector.Inspect(handshake, [], clock.GetUtcNow()).Staple;
                if (verdict.Verdict is not (StapleVerdictKind.Absent or StapleVerdictKind.Rejected))
                {
                    board.Set(
                        name,
                        LabResourceState.Ready,
                        $"stapled {verdict.Word}{(answered == 1 ? "" : $" at handshake {answered}")}"
                    );
                    return;
                }

                if (answered == handshakes || ocsp == OcspInCertificates.No)
                {
                    board.Set(
                        name,
                        LabResourceState.Degraded,
                        verdict.Verdict == StapleVerdictKind.Absent ? "not stapled" : verdict.Description
                    );
                    return;
                }
            }
            catch (ProbeException exception) when (clock.GetElapsedTime(started) < ListenTimeout)
            {
                if (nginx is { HasEnded: true })
                    throw new LabException(
                        $"nginx ended: {nginx.LastError() ?? exception.Message}",
                        LabFailure.Unavailable,
                        exception
                    );
            }

            await Task.Delay(Interval, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    // A container on a busy machine takes its time.
    private static readonly TimeSpan ListenTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
}
