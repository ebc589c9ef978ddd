using System.Text.Json;
using OcspLab.Lab.Topology;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Journal;

namespace OcspLab.LabConsole.Watching;

/// <summary>Asks the responder once a second how it is, and what it was asked.</summary>
public sealed class ResponderWatcher(LabHistory history, TimeProvider clock) : BackgroundService
{
    private readonly SemaphoreSlim _looking = new(1, 1);
    private JournalEntry? _last;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do await LookAsync(stoppingToken).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    /// <summary>One look, now: after something was done, so that it shows at once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (history.Topology is not { } topology || !history.IsWatched)
            return;
        await _looking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var admin = new ResponderAdminClient(topology.AdminUrl, AdminToken.Load(topology.AdminTokenFile));
            var listener = await admin.GetListenerAsync(cancellationToken).ConfigureAwait(false);
            var faults = await admin.ListFaultsAsync(cancellationToken).ConfigureAwait(false);
            var certificate = (await admin.ListAsync(cancellationToken).ConfigureAwait(false)).LastOrDefault(known =>
                known.Name == LabTopology.SiteCertificate
            );
            history.Add(await ReadJournalAsync(admin, cancellationToken).ConfigureAwait(false));
            var now = new ResponderView(true, listener.State, faults, certificate?.RevokedAt, certificate?.ChangedAt);
            foreach (var happened in ResponderView.Compare(history.Responder, now, clock.GetUtcNow()))
                history.Add(happened.Kind, happened.About, happened.At);
            history.Set(now);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException or UnauthorizedAccessException or JsonException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            history.Set(history.Responder with { IsReached = false });
        }
        finally
        {
            _looking.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _looking.Dispose();
        base.Dispose();
    }

    // The last entry that is known is asked for once more: a responder that was started again counts from 1, and has
    // another one in its place, or none.
    private async Task<IReadOnlyList<JournalEntry>> ReadJournalAsync(
        ResponderAdminClient admin,
        CancellationToken cancellationToken
    )
    {
        var entries = await admin
            .ReadJournalAsync(_last is { } former ? former.Number - 1 : 0, cancellationToken)
            .ConfigureAwait(false);
        if (_last is { } known)
            entries =
                entries is [var first, ..] && first.Number == known.Number && first.At == known.At
                    ? [.. entries.Skip(1)]
                    : await admin.ReadJournalAsync(0, cancellationToken).ConfigureAwait(false);
        _last = entries is [.., var last] ? last : _last;
        return entries;
    }

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
}
