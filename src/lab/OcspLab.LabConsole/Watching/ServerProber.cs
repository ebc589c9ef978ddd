using Microsoft.Extensions.Options;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Timelines;
using OcspLab.Lab.Topology;
using OcspLab.LabConsole.Settings;
using OcspLab.Probe;

namespace OcspLab.LabConsole.Watching;

/// <summary>Shakes hands with every server of the lab, over and over, as a client does.</summary>
public sealed class ServerProber(LabHistory history, IOptions<ConsoleOptions> options, TimeProvider clock)
    : BackgroundService
{
    private readonly Dictionary<string, int> _processes = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ProbeInterval, clock);
        do
        {
            history.Follow(LabState.FindRunning(options.Value.Lab));
            if (history.Topology is { } topology)
            {
                NoteRestarts(topology);
                if (history is { IsWatched: true, IsPaused: false })
                    await Task.WhenAll(history.Servers.Select(server => ProbeAsync(server, stoppingToken)))
                        .ConfigureAwait(false);
            }

            history.Tell();
        } while (await WaitAsync(timer, stoppingToken).ConfigureAwait(false));
    }

    /// <summary>A few handshakes with one server at once, for its first ones.</summary>
    public async Task LookAsync(string name, CancellationToken cancellationToken)
    {
        for (var look = 0; look < FirstLooks && history.Find(name) is { } server; look++)
        {
            await ProbeAsync(server, cancellationToken).ConfigureAwait(false);
            history.Tell();
            await Task.Delay(FirstInterval, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task ProbeAsync(ServerHistory server, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        try
        {
            var handshake = await new TlsProbe(clock)
                .ConnectAsync(
                    "127.0.0.1",
                    server.Port,
                    LabTopology.SiteHost,
                    TlsVersion.Any,
                    HandshakeTimeout,
                    cancellationToken
                )
                .ConfigureAwait(false);
            var showing = Showing.Of(handshake, now);
            var reason = showing.Result == HandshakeResult.Wrong ? showing.Report.Staple.Description : null;
            server.Add(now, showing.Result, reason, handshake.Duration, showing);
        }
        catch (ProbeException exception)
        {
            server.Add(now, HandshakeResult.Refused, exception.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private void NoteRestarts(LabTopology topology)
    {
        foreach (
            var (name, directory) in new[]
            {
                (LabTopology.Nginx, topology.NginxDirectory),
                (LabTopology.NginxKept, topology.NginxKeptDirectory),
            }
        )
        {
            if (NginxLeftover.FindProcess(directory) is not { } process)
                continue;
            if (_processes.TryGetValue(name, out var former) && former != process)
                history.Add(LabEventKind.Restarted, name);
            _processes[name] = process;
        }
    }

    private const int FirstLooks = 4;
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
}
