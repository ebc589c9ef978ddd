using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Refreshing;

/// <summary>One turn of a certificate: what is stored first, then the source. Thread-safe.</summary>
internal sealed class RefreshTurn(StapleRefresher refresher, TimeProvider clock, ILogger logger)
{
    /// <summary>
    /// Never throws but when it is cancelled, and the wall clock ends nothing: it may have jumped past the
    /// certificate's end, and come back.
    /// </summary>
    /// <returns>When the next turn is due, or null for none.</returns>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary of what must go on: a certificate that is never refreshed again would be "
            + "noticed when its staple is gone."
    )]
    public async Task<DateTimeOffset?> RunAsync(RefreshJob job, RefreshReason reason, CancellationToken stopping)
    {
        var slot = job.Slot;
        try
        {
            if (!job.IsLoaded)
            {
                job.IsLoaded = true;
                var loaded = await refresher.LoadAsync(slot, stopping).ConfigureAwait(false);
                if (loaded is not null && reason < RefreshReason.Asked)
                    return loaded;
                // The first time has always come.
                reason = reason > RefreshReason.Due ? reason : RefreshReason.Due;
            }

            if (slot.Status.NotAfter <= clock.GetUtcNow())
                return ReportExpired(slot);
            slot.ExpiredAt = null;
            // What is due is due, however much is heard.
            return reason == RefreshReason.Heard && slot.Status.NextRefresh is { } due && due > clock.GetUtcNow()
                ? await refresher.TakeSharedAsync(slot, due, stopping).ConfigureAwait(false)
                : await refresher.RefreshAsync(slot, reason == RefreshReason.Asked, stopping).ConfigureAwait(false);
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            return refresher.Fault(slot, exception);
        }
    }

    private DateTimeOffset ReportExpired(StapleSlot slot)
    {
        if (slot.Status.LastOutcome != RefreshOutcome.CertificateExpired)
            logger.CertificateExpired(slot.Name);
        slot.ExpiredAt ??= clock.GetTimestamp();
        var now = clock.GetUtcNow();
        slot.Report(new RefreshReport(now, RefreshOutcome.CertificateExpired, null));
        return now + ExpiredInterval;
    }

    private static readonly TimeSpan ExpiredInterval = TimeSpan.FromHours(1);
}
