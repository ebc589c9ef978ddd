using System.Security.Cryptography.X509Certificates;
using OcspLab.Lab;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Topology;
using OcspLab.Probe;

namespace OcspLab.Comparison.Fleets;

/// <summary>What a trial is to be.</summary>
/// <param name="Sites">How many sites there are. At least two: one is killed at a time.</param>
/// <param name="Clients">How many clients shake hands at once, one handshake after the other.</param>
/// <param name="Duration">How long parts are killed by turns; what is down at the end is started again.</param>
/// <param name="Validity">How long the responders' answers last.</param>
public sealed record FleetOrder(int Sites, int Clients, TimeSpan Duration, TimeSpan Validity);

/// <summary>
/// Load on a fleet while its parts are killed by turns: sites, Redis, PostgreSQL, responders. Every handshake is looked
/// at as a client would. At the end the certificate is revoked.
/// </summary>
public sealed class FleetTrial
{
    private readonly FleetOrder _order;
    private readonly TimeProvider _clock;
    private readonly Action<string> _progress;
    private readonly Lock _gate = new();
    private readonly Dictionary<StapleVerdictKind, int> _verdicts = [];
    private readonly Dictionary<string, int> _failures = new(StringComparer.Ordinal);
    private readonly List<FleetEvent> _events = [];
    private long _startedAt;

    /// <param name="order">What it is to be.</param>
    /// <param name="clock">The time.</param>
    /// <param name="progress">Is told what happens.</param>
    public FleetTrial(FleetOrder order, TimeProvider clock, Action<string> progress)
    {
        _order = order;
        _clock = clock;
        _progress = progress;
    }

    /// <summary>Runs. When it is cancelled under load, what was seen until then is the result.</summary>
    /// <exception cref="LabException">The fleet does not come up, or a part of it not again.</exception>
    public async Task<FleetReport> RunAsync(CancellationToken cancellationToken)
    {
        var fleet = await FleetLab
            .StartAsync(_order.Sites, _order.Validity, _clock, _progress, cancellationToken)
            .ConfigureAwait(false);
        await using (fleet.ConfigureAwait(false))
        {
            using var root = X509CertificateLoader.LoadCertificateFromFile(fleet.RootFile);
            _startedAt = _clock.GetTimestamp();
            await LoadAsync(fleet, root, cancellationToken).ConfigureAwait(false);
            var spread = cancellationToken.IsCancellationRequested
                ? (TimeSpan?)null
                : await RevokeAsync(fleet, root, cancellationToken).ConfigureAwait(false);
            return Report(spread);
        }
    }

    private async Task LoadAsync(FleetLab fleet, X509Certificate2 root, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var clients = Enumerable
            .Range(0, _order.Clients)
            .Select(_ => Task.Run(() => ShakeHandsAsync(fleet, root, over.Token), CancellationToken.None))
            .ToArray();
        try
        {
            await KillByTurnsAsync(fleet, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What was seen until now is told.
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(clients).ConfigureAwait(false);
        }
    }

    private async Task KillByTurnsAsync(FleetLab fleet, CancellationToken cancellationToken)
    {
        var parts = fleet.Parts;
        for (var turn = 0; _clock.GetElapsedTime(_startedAt) < _order.Duration; turn++)
        {
            var part = parts[turn % parts.Count];
            await Task.Delay(UpInterval, _clock, cancellationToken).ConfigureAwait(false);
            await fleet.KillAsync(part).ConfigureAwait(false);
            Note(part, "killed");
            await Task.Delay(DownInterval, _clock, cancellationToken).ConfigureAwait(false);
            await fleet.StartAgainAsync(part, cancellationToken).ConfigureAwait(false);
            Note(part, "there again");
        }
    }

    private async Task ShakeHandsAsync(FleetLab fleet, X509Certificate2 root, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var verdict = await LookAsync(fleet.Topology.Ports.Kestrel, root, cancellationToken)
                    .ConfigureAwait(false);
                lock (_gate)
                    _verdicts[verdict] = _verdicts.GetValueOrDefault(verdict) + 1;
            }
            catch (ProbeException exception)
            {
                lock (_gate)
                    _failures[exception.Message] = _failures.GetValueOrDefault(exception.Message) + 1;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <returns>
    /// How long it took from when one site was told to ask until every site stapled the revocation; null where that
    /// took too long.
    /// </returns>
    private async Task<TimeSpan?> RevokeAsync(
        FleetLab fleet,
        X509Certificate2 root,
        CancellationToken cancellationToken
    )
    {
        await fleet.RevokeAsync(cancellationToken).ConfigureAwait(false);
        Note("certificate", "revoked");
        var sites = fleet.Parts.Where(part => part.StartsWith("site-", StringComparison.Ordinal)).ToArray();
        var toldAt = _clock.GetTimestamp();
        var asking = fleet.RefreshOneAsync(cancellationToken);
        while (_clock.GetElapsedTime(toldAt) < SpreadTimeout)
        {
            if (await AllStapleRevocationAsync(fleet, sites, root, cancellationToken).ConfigureAwait(false))
            {
                var elapsed = _clock.GetElapsedTime(toldAt);
                await asking.ConfigureAwait(false);
                Note("sites", "all staple the revocation");
                return elapsed;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), _clock, cancellationToken).ConfigureAwait(false);
        }

        await asking.ConfigureAwait(false);
        return null;
    }

    private async Task<bool> AllStapleRevocationAsync(
        FleetLab fleet,
        IReadOnlyList<string> sites,
        X509Certificate2 root,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var verdicts = await Task.WhenAll(
                    sites.Select(site => LookAsync(fleet.PortOf(site), root, cancellationToken))
                )
                .ConfigureAwait(false);
            return verdicts.All(verdict => verdict == StapleVerdictKind.Revoked);
        }
        catch (ProbeException)
        {
            return false;
        }
    }

    private async Task<StapleVerdictKind> LookAsync(
        int port,
        X509Certificate2 root,
        CancellationToken cancellationToken
    )
    {
        var handshake = await new TlsProbe(_clock)
            .ConnectAsync("127.0.0.1", port, LabTopology.SiteHost, TlsVersion.Any, HandshakeTimeout, cancellationToken)
            .ConfigureAwait(false);
        return StapleInspector.Inspect(handshake, [root], _clock.GetUtcNow()).Staple.Verdict;
    }

    private void Note(string part, string what)
    {
        var happened = new FleetEvent(_clock.GetElapsedTime(_startedAt), part, what);
        lock (_gate)
            _events.Add(happened);
        _progress($"{happened.At.TotalSeconds, 6:0.0} s  {part} {what}");
    }

    private FleetReport Report(TimeSpan? spread)
    {
        lock (_gate)
            return new FleetReport(
                _order.Sites,
                _order.Clients,
                _clock.GetElapsedTime(_startedAt),
                _verdicts.GetValueOrDefault(StapleVerdictKind.Good),
                _verdicts.GetValueOrDefault(StapleVerdictKind.Absent),
                _verdicts
                    .Where(verdict => verdict.Key is not (StapleVerdictKind.Good or StapleVerdictKind.Absent))
                    .Sum(verdict => verdict.Value),
                [.. _failures.Select(failure => new FleetFailure(failure.Key, failure.Value))],
                spread,
                [.. _events]
            );
    }

    private static readonly TimeSpan UpInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DownInterval = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan SpreadTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);
}
