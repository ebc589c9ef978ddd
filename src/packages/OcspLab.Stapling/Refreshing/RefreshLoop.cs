using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Keeps the staple of one certificate fresh: one loop, so that refreshes never overlap, and a stuck one holds up no
/// other certificate.
/// </summary>
/// <param name="slot">The certificate's slot.</param>
/// <param name="directory">All certificates, among them perhaps a newer one in its place.</param>
/// <param name="refresher">Does each refresh.</param>
/// <param name="clock">The time.</param>
/// <param name="logger">Is told of the end.</param>
internal sealed class RefreshLoop(
    StapleSlot slot,
    CertificateDirectory directory,
    StapleRefresher refresher,
    TimeProvider clock,
    ILogger logger
)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The certificate's slot.</summary>
    public StapleSlot Slot => slot;

    /// <summary>Completes after the first refresh, or when a stored staple is at hand.</summary>
    public Task First => _first.Task;

    /// <summary>
    /// Runs until the host stops. The wall clock ends nothing: it may have jumped past the certificate's end, and come
    /// back.
    /// </summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            if (await refresher.LoadAsync(slot, stopping).ConfigureAwait(false) is { } next)
            {
                _first.TrySetResult();
                await SleepAsync(next, stopping).ConfigureAwait(false);
            }

            while (true)
                await SleepAsync(await TurnAsync(stopping).ConfigureAwait(false), stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops.
        }
        finally
        {
            _first.TrySetResult();
            slot.Refresh.End();
        }
    }

    /// <summary>
    /// The settings have changed: asks again where that changes what to ask, and where the last time failed, which may
    /// be what was mended.
    /// </summary>
    /// <returns>Whether it asks again.</returns>
    public bool Reconsider()
    {
        if (!refresher.HasNewSource(slot) && slot.Status.Failures == 0)
            return false;
        _ = slot.Refresh.RequestAsync();
        return true;
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary of a loop that must not end: a certificate that is never refreshed again "
            + "would be noticed when its staple is gone."
    )]
    private async Task<DateTimeOffset?> TurnAsync(CancellationToken stopping)
    {
        var requests = slot.Refresh.Take();
        try
        {
            if (Retire())
                return null;
            return slot.Subject!.NotAfter <= clock.GetUtcNow()
                ? ReportExpired()
                : await refresher.RefreshAsync(slot, stopping).ConfigureAwait(false);
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            return refresher.Fault(slot, exception);
        }
        finally
        {
            foreach (var request in requests)
                request.TrySetResult();
            _first.TrySetResult();
        }
    }

    private DateTimeOffset ReportExpired()
    {
        if (slot.Status.LastOutcome != RefreshOutcome.CertificateExpired)
            logger.CertificateExpired(slot.Name);
        var now = clock.GetUtcNow();
        slot.Report(new RefreshReport(now, RefreshOutcome.CertificateExpired, null));
        return now + ExpiredInterval;
    }

    private bool Retire()
    {
        if (!slot.Source.IsActive || !directory.IsReplaced(slot))
            return false;
        if (slot.Status.IsInUse)
            logger.Retired(slot.Name);
        slot.Retire();
        return true;
    }

    /// <summary>
    /// Sleeps until the next refresh, for ever when there is none, or until somebody asks; a staple that expires on the
    /// way is dropped on its minute.
    /// </summary>
    private async Task SleepAsync(DateTimeOffset? until, CancellationToken stopping)
    {
        // A minute at a time: timers stand still while a machine sleeps, the clock does not. And never longer than it
        // seemed at first: the clock may be set back.
        var started = clock.GetTimestamp();
        var longest = Left(until);
        while (Shorter(Left(until), longest - clock.GetElapsedTime(started)) is var left && left > TimeSpan.Zero)
        {
            var wait = left < PollInterval ? left : PollInterval;
            var isAsked = await slot.Refresh.WaitAsync(wait, clock, stopping).ConfigureAwait(false);
            refresher.FollowClock(slot);
            // A refresh would say that the certificate is replaced; its time may be days away.
            if (isAsked || (slot.Status.IsInUse && directory.IsReplaced(slot)))
                return;
        }
    }

    private TimeSpan Left(DateTimeOffset? until)
    {
        var now = clock.GetUtcNow();
        var end = until ?? DateTimeOffset.MaxValue;
        if (slot.Current is { } staple && staple.ExpiresAt > now && staple.ExpiresAt < end)
            end = staple.ExpiresAt;
        return end - now;
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static readonly TimeSpan ExpiredInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMinutes(1);
}
