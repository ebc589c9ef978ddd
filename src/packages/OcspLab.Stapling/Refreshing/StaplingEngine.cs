using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Knows every certificate of the server and has the staple of each refreshed. No handshake waits for it, unless it
/// asks to.
/// </summary>
internal sealed class StaplingEngine : IHostedService, IStaplingStatus, IDisposable
{
    private readonly StapleRefresher _refresher;
    private readonly IssuerFinder _issuers;
    private readonly IOptionsMonitor<StaplingOptions> _options;
    private readonly FleetNews _fleet;
    private readonly HandOffStatus _handOff;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CertificateDirectory _directory = new();
    private readonly RefreshScheduler _scheduler;
    private readonly CertificateUpkeep _upkeep;
    private readonly SettingsWatch _watch;
    private readonly Lock _adding = new();
    private readonly CancellationToken _stopping;
    private int _disposed;

    public StaplingEngine(
        StapleRefresher refresher,
        StapleArchive archive,
        IssuerFinder issuers,
        StaplingNews news,
        FleetNews fleet,
        IOptionsMonitor<StaplingOptions> options,
        IConfiguration? configuration,
        StaplingMetrics metrics,
        HandOffStatus handOff,
        TimeProvider clock,
        ILogger logger
    )
    {
        _refresher = refresher;
        _issuers = issuers;
        _options = options;
        _fleet = fleet;
        _handOff = handOff;
        _clock = clock;
        _logger = logger;
        _scheduler = new RefreshScheduler(new RefreshTurn(refresher, clock, logger).RunAsync, clock);
        _upkeep = new CertificateUpkeep(_directory, _scheduler, refresher, archive, clock, logger);
        _watch = new SettingsWatch(configuration, options, clock, Reconsider);
        _stopping = _scheduler.Stopping;
        news.Stopping = _stopping;
        metrics.Watch(this, clock);
    }

    public IReadOnlyList<StapleStatus> Staples => [.. _directory.Slots.Select(StatusOf)];

    /// <summary>How many certificates are being asked about at this moment.</summary>
    public int Busy => _scheduler.Running;

    public async Task<IReadOnlyList<StapleStatus>> RefreshAsync(
        string? thumbprint = null,
        CancellationToken cancellationToken = default
    )
    {
        IReadOnlyList<StapleSlot> slots = thumbprint is null
            ? _directory.Slots
            : [.. new[] { _directory.Find(thumbprint) }.OfType<StapleSlot>()];
        var requests = slots
            .Where(slot => thumbprint is not null || !slot.IsRetired)
            .Select(slot => _scheduler.RequestAsync(slot, RefreshReason.Asked));
        await Task.WhenAll(requests).WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. slots.Select(StatusOf)];
    }

    /// <summary>The slot of a certificate; its refreshing starts with the first call.</summary>
    public StapleSlot Add(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        var key = StapleSlot.KeyOf(certificate);
        if (_directory.Find(key) is { } known)
            return Mend(known, certificate, atHand);
        lock (_adding)
        {
            if (_directory.Find(key) is { } added)
                return added;
            var facts = CertificateFacts.Read(certificate, [.. atHand], _issuers, _options.CurrentValue, _logger);
            var slot = new StapleSlot(certificate, facts, _clock.GetTimestamp());
            _directory.Add(slot);
            if (!slot.IsUnreadable)
                _scheduler.Add(slot);
            _upkeep.Begin();
            _fleet.Listen(Hear, _stopping);
            return slot;
        }
    }

    /// <summary>
    /// Starts refreshing a certificate, and waits until it was asked about once, its stored staple is at hand, or
    /// <see cref="StaplingOptions.StartupTimeout"/> has passed.
    /// </summary>
    public async Task<StapleStatus> PrepareAsync(
        X509Certificate2 certificate,
        IEnumerable<X509Certificate2> atHand,
        CancellationToken cancellationToken
    )
    {
        var slot = Add(certificate, atHand);
        await WaitForFirstAsync(slot, _options.CurrentValue.StartupTimeout, cancellationToken).ConfigureAwait(false);
        return StatusOf(slot);
    }

    /// <summary>
    /// Waits for the first look for a certificate, until <paramref name="atMost"/> have passed since it was met.
    /// </summary>
    public Task WaitForFirstAsync(StapleSlot slot, TimeSpan atMost, CancellationToken cancellationToken) =>
        _scheduler.Find(slot.Key) is { } job && !job.First.IsCompleted
            ? WaitAsync([job], atMost, cancellationToken)
            : Task.CompletedTask;

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
        var waiting = _scheduler.Jobs.Where(job => !job.First.IsCompleted).ToArray();
        if (waiting.Length == 0)
            return;
        await WaitAsync(waiting, timeout, cancellationToken).ConfigureAwait(false);
        var slots = _directory.Slots;
        var wanted = slots.Count(slot => slot.IsWanted);
        var have = slots.Count(slot => slot.Current is not null);
        var took = (long)_clock.GetElapsedTime(started).TotalMilliseconds;
        if (have == wanted)
            _logger.Prefetched(have, took);
        else
            _logger.PrefetchIncomplete(have, wanted, took);
    }

    /// <summary>Nobody serves a certificate any more.</summary>
    public void Release(X509Certificate2 certificate)
    {
        if (_directory.Find(StapleSlot.KeyOf(certificate)) is { } slot)
            _upkeep.Release(slot);
    }

    /// <summary>A handshake uses a certificate.</summary>
    public void Touch(StapleSlot slot) => _upkeep.Touch(slot);

    /// <summary>Whether a certificate was met not longer ago than that.</summary>
    public bool WasMetWithin(StapleSlot slot, TimeSpan time) => _clock.GetElapsedTime(slot.MetAt) < time;

    /// <summary>Says once that another certificate serves until one has its staple.</summary>
    public void ReportPredecessor(StapleSlot slot, StapleSlot predecessor)
    {
        if (slot.IsPredecessorReported)
            return;
        slot.IsPredecessorReported = true;
        _logger.PredecessorServes(slot.Name, predecessor.Name);
    }

    /// <summary>Says once that handshakes with a certificate fail, until one does not.</summary>
    public void ReportFault(StapleSlot slot, Exception exception)
    {
        if (slot.IsFaultReported)
            return;
        slot.IsFaultReported = true;
        _logger.ContextFaulted(slot.Name, exception);
    }

    /// <summary>The certificate that one takes the place of, or null.</summary>
    public StapleSlot? FindPredecessor(StapleSlot slot) => _directory.FindPredecessor(slot);

    /// <summary>Adds somebody whose certificates are in force though no handshake may have come for long.</summary>
    public void Hold(Func<IEnumerable<X509Certificate2>> holder) => _upkeep.Hold(holder);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => _scheduler.StopAsync(cancellationToken);

    // The container hands it out under three names and disposes of it under each; a host may do that without having
    // stopped it.
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _watch.Dispose();
        _upkeep.Dispose();
        _scheduler.Dispose();
    }

    // One that was added later may wait longer.
    private async Task WaitAsync(RefreshJob[] jobs, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var left = timeout - jobs.Min(job => _clock.GetElapsedTime(job.Slot.MetAt));
        try
        {
            await Task.WhenAll(jobs.Select(job => job.First))
                .WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _clock, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Told by the caller: the port opens all the same, and refreshing goes on.
        }
    }

    private StapleStatus StatusOf(StapleSlot slot) =>
        _handOff.State.Obstacle is { } obstacle ? slot.Status with { Obstacle = obstacle } : slot.Status;

    /// <summary>
    /// The settings have changed: asks again where that changes what to ask, and where the last time failed, which may
    /// be what was mended.
    /// </summary>
    private void Reconsider()
    {
        var concerned = _scheduler
            .Jobs.Select(job => job.Slot)
            .Where(slot => _refresher.HasNewSource(slot) || slot.Status.Failures > 0)
            .ToArray();
        _logger.SettingsChanged(concerned.Length);
        foreach (var slot in concerned)
            _ = _scheduler.RequestAsync(slot, RefreshReason.Due);
    }

    // Of what other servers of the fleet have, this one may have no part.
    private void Hear(string certificate)
    {
        // Something may have been missed.
        if (certificate.Length == 0)
        {
            foreach (var job in _scheduler.Jobs.Where(job => job.Slot is { IsRetired: false, Newest: not null }))
                _scheduler.Wake(job.Slot, RefreshReason.Heard);
        }
        else if (_directory.Find(certificate) is { IsRetired: false } slot)
            _scheduler.Wake(slot, RefreshReason.Heard);
    }

    // The endpoint's configuration did not have the issuer; the handshake's chain may.
    private StapleSlot Mend(StapleSlot slot, X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        if (slot.Subject is null && !slot.IsUnreadable && _refresher.TryComplete(slot, certificate, atHand))
            _ = _scheduler.RequestAsync(slot, RefreshReason.Due);
        return slot;
    }
}
