using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Knows every certificate of the server and refreshes the staple of each. No handshake ever waits for it.
/// </summary>
internal sealed class StaplingEngine : IHostedService, IStaplingStatus, IDisposable
{
    private readonly StapleRefresher _refresher;
    private readonly IOptionsMonitor<StaplingOptions> _options;
    private readonly HandOffStatus _handOff;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly IDisposable? _watching;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CertificateDirectory _directory = new();
    private readonly ConcurrentDictionary<string, RunningLoop> _loops = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _adding = new();
    private readonly Lazy<X509Certificate2Collection> _issuers;
    private readonly IssuerFinder _finder = new();
    private int _disposed;

    public StaplingEngine(
        StapleRefresher refresher,
        IOptionsMonitor<StaplingOptions> options,
        StaplingMetrics metrics,
        HandOffStatus handOff,
        TimeProvider clock,
        ILogger logger
    )
    {
        _refresher = refresher;
        _options = options;
        _handOff = handOff;
        _clock = clock;
        _logger = logger;
        _issuers = new Lazy<X509Certificate2Collection>(() => ReadIssuers(options.CurrentValue.Issuers));
        _watching = options.OnChange((_, _) => Reconsider());
        metrics.Watch(this, clock);
    }

    public IReadOnlyList<StapleStatus> Staples => [.. _directory.Slots.Select(StatusOf)];

    public async Task<IReadOnlyList<StapleStatus>> RefreshAsync(
        string? thumbprint = null,
        CancellationToken cancellationToken = default
    )
    {
        var slots = _directory.Slots;
        if (thumbprint is not null)
            slots = _directory.Find(thumbprint) is { } one ? [one] : [];
        var requests = slots.Where(slot => _loops.ContainsKey(slot.Key)).Select(slot => slot.Refresh.RequestAsync());
        await Task.WhenAll(requests).WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. slots.Select(StatusOf)];
    }

    /// <summary>The slot of a certificate; its refreshing starts with the first call.</summary>
    public StapleSlot Add(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        var key = StapleSlot.KeyOf(certificate);
        X509Certificate2[] candidates = [.. atHand, .. _issuers.Value];
        if (_directory.Find(key) is { } known && !MayBeMended(known, certificate, candidates))
            return known;
        lock (_adding)
        {
            if (_directory.Find(key) is { } added && !MayBeMended(added, certificate, candidates))
                return added;
            var facts = CertificateFacts.Read(certificate, candidates, _finder, _options.CurrentValue, _logger);
            var slot = new StapleSlot(certificate, facts);
            _directory.Put(slot);
            if (slot.Subject is not null)
            {
                var loop = new RefreshLoop(slot, _directory, _refresher, _clock, _logger);
                _loops[key] = new RunningLoop(
                    loop,
                    _clock.GetTimestamp(),
                    Task.Run(() => loop.RunAsync(_stopping.Token))
                );
            }

            return slot;
        }
    }

    /// <summary>
    /// Completes when every certificate met so far was asked about once, or has had
    /// <see cref="StaplingOptions.StartupTimeout"/>, and no more than <paramref name="atMost"/>, for it.
    /// </summary>
    public async Task WaitForFirstStaplesAsync(CancellationToken cancellationToken, TimeSpan? atMost = null)
    {
        var timeout = _options.CurrentValue.StartupTimeout;
        if (atMost < timeout)
            timeout = atMost.Value;
        var started = _clock.GetTimestamp();
        var waiting = _loops.Values.Where(one => !one.Loop.First.IsCompleted).ToArray();
        if (waiting.Length == 0)
            return;
        foreach (var one in waiting)
            await WaitAsync(one, timeout, cancellationToken).ConfigureAwait(false);
        var slots = _directory.Slots;
        var wanted = slots.Count(slot => slot.IsWanted);
        var have = slots.Count(slot => slot.Current is not null);
        var took = (long)_clock.GetElapsedTime(started).TotalMilliseconds;
        if (have == wanted)
            _logger.Prefetched(have, took);
        else
            _logger.PrefetchIncomplete(have, wanted, took);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_loops.Values.Select(one => one.Task)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // The container hands it out under three names and disposes of it under each; a host may do that without having
    // stopped it.
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _watching?.Dispose();
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task WaitAsync(RunningLoop one, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var left = timeout - _clock.GetElapsedTime(one.StartedAt);
        try
        {
            await one
                .Loop.First.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _clock, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Told by the caller: the port opens all the same, and refreshing goes on.
        }
    }

    private StapleStatus StatusOf(StapleSlot slot) =>
        _handOff.State.Obstacle is { } obstacle ? slot.Status with { Obstacle = obstacle } : slot.Status;

    private void Reconsider() => _logger.SettingsChanged(_loops.Values.Count(one => one.Loop.Reconsider()));

    private static X509Certificate2Collection ReadIssuers(IEnumerable<string> files)
    {
        var issuers = new X509Certificate2Collection();
        foreach (var file in files)
            issuers.ImportFromPemFile(file);
        return issuers;
    }

    // The endpoint's configuration did not have the issuer; the handshake's chain may.
    private bool MayBeMended(StapleSlot slot, X509Certificate2 certificate, X509Certificate2[] atHand) =>
        slot.Status.Source == StapleSourceKind.Unusable
        && atHand.Length > 0
        && _finder.Find(certificate, atHand) is not null;

    private sealed record RunningLoop(RefreshLoop Loop, long StartedAt, Task Task);
}
