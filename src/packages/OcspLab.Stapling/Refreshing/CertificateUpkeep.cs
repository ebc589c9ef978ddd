using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Looks after all certificates once a minute: what the clock has made of their staples, which were replaced and which
/// nobody has any more.
/// </summary>
internal sealed class CertificateUpkeep(
    CertificateDirectory directory,
    RefreshScheduler scheduler,
    StapleRefresher refresher,
    StapleArchive archive,
    TimeProvider clock,
    ILogger logger
) : IDisposable
{
    private readonly ConcurrentBag<Func<IEnumerable<X509Certificate2>>> _holders = [];
    private readonly Lock _gate = new();
    private readonly CancellationToken _stopping = scheduler.Stopping;
    private ITimer? _timer;
    private long _storeSweptAt = clock.GetTimestamp();
    private int _isSweeping;
    private bool _isOver;

    /// <summary>
    /// Adds somebody whose certificates are in force though no handshake may have come for long, such as the endpoints
    /// of a server.
    /// </summary>
    public void Hold(Func<IEnumerable<X509Certificate2>> holder) => _holders.Add(holder);

    /// <summary>Begins, if it has not yet.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            if (_timer is not null || _isOver)
                return;
            using (ExecutionContext.SuppressFlow())
                _timer = clock.CreateTimer(_ => Sweep(), null, Interval, Interval);
        }
    }

    /// <summary>A handshake uses a certificate.</summary>
    public void Touch(StapleSlot slot)
    {
        slot.Touch(clock.GetTimestamp());
        if (slot.IsRetired)
            Revive(slot);
    }

    public void Dispose()
    {
        lock (_gate)
            _isOver = true;
        _timer?.Dispose();
    }

    private void Sweep()
    {
        if (_stopping.IsCancellationRequested || Interlocked.Exchange(ref _isSweeping, 1) != 0)
            return;
        Try(SweepAll);
        Volatile.Write(ref _isSweeping, 0);
    }

    private void SweepAll()
    {
        var inForce = InForce();
        foreach (var slot in directory.Unordered)
            Try(() => Look(slot, inForce.Contains(slot.Key)));
        Try(scheduler.FollowClock);
        // Not at once: the clock of a machine that has just started may be years off.
        if (clock.GetElapsedTime(_storeSweptAt) >= StoreInterval)
        {
            _storeSweptAt = clock.GetTimestamp();
            _ = archive.SweepAsync(_stopping);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary of what must go on, for all the others.")]
    private void Try(Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception)
        {
            logger.UpkeepFaulted(exception);
        }
    }

    private void Look(StapleSlot slot, bool isInForce)
    {
        refresher.FollowClock(slot);
        _ = refresher.SaveAgainAsync(slot, _stopping);
        if (IsIdle(slot, ContextTimeout))
            LetGoOfContexts(slot);
        if (isInForce)
        {
            if (slot.IsRetired)
                Revive(slot);
            return;
        }

        if (IsOver(slot))
            Release(slot);
        else if (!slot.IsRetired && slot.Source.IsActive && IsIdle(slot, ReplacedTimeout))
            Retire(slot);
    }

    private static void LetGoOfContexts(StapleSlot slot)
    {
        foreach (var context in slot.Contexts)
            context.LetGo();
    }

    // The check after the step: a handshake that has used it meanwhile sees that it is given up, or is seen here.
    private void Retire(StapleSlot slot)
    {
        if (!directory.HasSuccessor(slot) || !scheduler.TryPause(slot))
            return;
        slot.Retire();
        Interlocked.MemoryBarrier();
        if (IsIdle(slot, ReplacedTimeout))
            logger.Retired(slot.Name);
        else
            Revive(slot);
    }

    private void Revive(StapleSlot slot)
    {
        slot.Revive();
        _ = scheduler.RequestAsync(slot, RefreshReason.Due);
    }

    /// <summary>Lets go of a certificate.</summary>
    public void Release(StapleSlot slot)
    {
        slot.Release();
        LetGoOfContexts(slot);
        scheduler.Remove(slot);
        directory.Remove(slot);
    }

    /// <summary>
    /// Whether nothing is lost with it: it was replaced and has no staple any more, it expired long ago, or there is
    /// nothing to staple and nobody has asked for it for long.
    /// </summary>
    private bool IsOver(StapleSlot slot)
    {
        if (slot.IsRetired)
            return slot.Current is null;
        if (!IsIdle(slot, UnusedTimeout))
            return false;
        return slot.Source.Kind is StapleSourceKind.None or StapleSourceKind.Off
            || slot.IsUnreadable
            || (slot.ExpiredAt is { } expiredAt && clock.GetElapsedTime(expiredAt) >= UnusedTimeout);
    }

    private bool IsIdle(StapleSlot slot, TimeSpan time) => clock.GetElapsedTime(slot.LastUsed) >= time;

    private HashSet<string> InForce()
    {
        var keys = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var certificate in _holders.SelectMany(holder => holder()))
        {
            try
            {
                keys.Add(StapleSlot.KeyOf(certificate));
            }
            catch (CryptographicException)
            {
                // Its owner has disposed of it.
            }
        }

        return keys;
    }

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ContextTimeout = TimeSpan.FromHours(1);
    private static readonly TimeSpan ReplacedTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan UnusedTimeout = TimeSpan.FromDays(1);
    private static readonly TimeSpan StoreInterval = TimeSpan.FromDays(1);
}
