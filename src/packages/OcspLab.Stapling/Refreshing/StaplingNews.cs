using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Tells the application's <see cref="StaplingEvents"/>: the events of one certificate in their order, and never on the
/// thread that refreshes. Thread-safe.
/// </summary>
internal sealed class StaplingNews(
    IServiceProvider services,
    IOptionsMonitor<StaplingOptions> options,
    TimeProvider clock,
    ILogger logger
)
{
    private readonly Lock _gate = new();

    /// <summary>Cancelled when the host stops.</summary>
    public CancellationToken Stopping { get; set; }

    public void Revoked(StapleSlot slot)
    {
        var happened = EventOf(slot);
        Tell(slot, events => events.OnRevoked(happened));
    }

    public void RefreshFailed(StapleSlot slot)
    {
        var happened = EventOf(slot);
        Tell(slot, events => events.OnRefreshFailed(happened));
    }

    public void StapleChanged(StapleSlot slot, VerifiedStaple? previous)
    {
        var happened = new StapleChangedEvent
        {
            Status = slot.Status,
            Services = services,
            Stopping = Stopping,
            Previous = previous,
            Current = slot.Current,
        };
        Tell(slot, events => events.OnStapleChanged(happened));
    }

    private StaplingEvent EventOf(StapleSlot slot) =>
        new()
        {
            Status = slot.Status,
            Services = services,
            Stopping = Stopping,
        };

    private void Tell(StapleSlot slot, Func<StaplingEvents, Task> handler)
    {
        lock (_gate)
            slot.LastEvent = slot
                .LastEvent.ContinueWith(
                    _ => RunAsync(slot, handler),
                    CancellationToken.None,
                    TaskContinuationOptions.None,
                    TaskScheduler.Default
                )
                .Unwrap();
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary to handlers that anybody may write.")]
    private async Task RunAsync(StapleSlot slot, Func<StaplingEvents, Task> handler)
    {
        try
        {
            // One that hangs is not to silence what comes after it.
            await handler(options.CurrentValue.Events).WaitAsync(HandlerTimeout, clock).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception exception)
        {
            logger.EventFaulted(slot.Name, exception);
        }
    }

    private static readonly TimeSpan HandlerTimeout = TimeSpan.FromMinutes(1);
}
