using System.Diagnostics.CodeAnalysis;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Refreshing;

/// <summary>Keeps the staple of one certificate fresh: one loop, so that refreshes never overlap, and a stuck one holds up no other certificate.</summary>
/// <param name="slot">The certificate's slot.</param>
/// <param name="source">Where its staples come from at first.</param>
/// <param name="isReplaced">Whether nobody uses the certificate any more because there is a newer one.</param>
/// <param name="tools">What all keepers share.</param>
internal sealed class StapleKeeper(StapleSlot slot, StapleSource source, Func<bool> isReplaced, KeeperTools tools)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly List<TaskCompletionSource> _requests = [];
    private CancellationTokenSource? _sleep;
    private StapleSource _source = source;
    private int _failures;
    private bool _ended;

    /// <summary>Completes after the first refresh, or when a stored staple is at hand.</summary>
    public Task First => _first.Task;

    /// <summary>True while there is nothing to do: what a test on a clock of its own waits for before it moves that clock again.</summary>
    public bool IsAsleep
    {
        get
        {
            lock (_gate)
                return _ended || _sleep is not null;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary of a loop that must not end: a certificate that is never refreshed again would be noticed when its staple is gone.")]
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            slot.Revived = () => _ = RefreshNowAsync();
            await LoadAsync(stopping).ConfigureAwait(false);
            while (slot.Subject!.NotAfter > Now)
            {
                var requests = TakeRequests();
                DateTimeOffset? next;
                try
                {
                    next = await RefreshAsync(stopping).ConfigureAwait(false);
                }
                catch (Exception exception) when (!stopping.IsCancellationRequested)
                {
                    tools.Logger.RefreshFaulted(slot.Name, exception);
                    next = RefreshPlan.AfterFailure(slot.Current, ++_failures, tools.Options.CurrentValue, Now, tools.Chance());
                    slot.Report(Now, $"faulted: {exception.Message}", next, _failures);
                    tools.Metrics.Refreshed("faulted", TimeSpan.Zero);
                }
                finally
                {
                    requests.ForEach(request => request.TrySetResult());
                }

                _first.TrySetResult();
                await SleepAsync(next, stopping).ConfigureAwait(false);
            }

            slot.Report(Now, "the certificate has expired", null);
            tools.Logger.CertificateExpired(slot.Name);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops.
        }
        finally
        {
            lock (_gate)
                _ended = true;
            _first.TrySetResult();
            TakeRequests().ForEach(request => request.TrySetResult());
        }
    }

    /// <summary>Asks now; completes when that is done, also when it failed.</summary>
    public Task RefreshNowAsync()
    {
        lock (_gate)
        {
            if (_ended)
                return Task.CompletedTask;
            var request = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _requests.Add(request);
            _ = _sleep?.CancelAsync();
            return request.Task;
        }
    }

    /// <summary>The settings have changed: asks again only where that changes what to ask.</summary>
    public void Reconsider()
    {
        if (!Select().Equals(_source))
            _ = RefreshNowAsync();
    }

    private DateTimeOffset Now => tools.Clock.GetUtcNow();

    private StapleSource Select() => StapleSource.Select(slot.OwnUrls, slot.Names, tools.Options.CurrentValue);

    private List<TaskCompletionSource> TakeRequests()
    {
        lock (_gate)
        {
            List<TaskCompletionSource> taken = [.. _requests];
            _requests.Clear();
            return taken;
        }
    }

    private async Task LoadAsync(CancellationToken stopping)
    {
        if (!_source.IsActive || await tools.Archive.LoadAsync(slot, tools.Options.CurrentValue.Verification, stopping).ConfigureAwait(false) is not { } staple)
            return;
        var options = tools.Options.CurrentValue;
        Accept(staple, options);
        var next = RefreshPlan.AfterLoad(staple, options, Now, tools.Chance());
        slot.Report(Now, "loaded", next);
        tools.Logger.Loaded(slot.Name, staple.ExpiresAt, Until(next));
        _first.TrySetResult();
        await SleepAsync(next, stopping).ConfigureAwait(false);
    }

    private async Task<DateTimeOffset?> RefreshAsync(CancellationToken stopping)
    {
        Follow();
        if (!_source.IsActive)
            return null;
        if (isReplaced())
        {
            if (slot.Status.IsInUse)
                tools.Logger.Retired(slot.Name);
            slot.Retire();
            return null;
        }

        using var activity = StaplingTelemetry.Source.StartActivity("ocsp.refresh");
        var options = tools.Options.CurrentValue;
        if (await tools.Archive.LoadSharedAsync(slot, options.Verification, stopping).ConfigureAwait(false) is { } shared)
        {
            activity?.SetTag("outcome", "shared");
            tools.Metrics.Refreshed("shared", TimeSpan.Zero);
            Accept(shared, options);
            return Conclude("shared", RefreshPlan.AfterSuccess(shared, null, options, Now, tools.Chance()));
        }

        var fetch = await FetchAsync(options, stopping).ConfigureAwait(false);
        var outcome = Judge(fetch, options);
        tools.Metrics.Refreshed(outcome, fetch.Duration);
        activity?.SetTag("outcome", outcome);
        if (outcome is "good" or "revoked")
        {
            await tools.Archive.SaveAsync(slot, fetch.Staple!, options.Verification, stopping).ConfigureAwait(false);
            return Conclude(outcome, RefreshPlan.AfterSuccess(fetch.Staple!, fetch.MaxAge, options, Now, tools.Chance()));
        }

        var next = RefreshPlan.AfterFailure(slot.Current, ++_failures, options, Now, tools.Chance());
        var why = outcome == "failed" ? fetch.Describe().TrimEnd('.') : $"the responder's answer is {outcome}";
        if (slot.Current is { } held)
            tools.Logger.RefreshFailed(slot.Name, why, held.ExpiresAt, Until(next));
        else if (slot.IsMustStaple && options.MustStaple == MustStaplePolicy.Refuse)
            tools.Logger.HandshakesRefused(slot.Name, why, Until(next));
        else
            tools.Logger.NothingToStaple(slot.Name, why, Until(next));
        slot.Report(Now, $"{outcome}: {fetch.Describe()}", next, _failures);
        return next;
    }

    private void Follow()
    {
        var selected = Select();
        if (selected.Equals(_source))
            return;
        _source = selected;
        slot.Follow(selected);
        _failures = 0;
        if (selected.IsActive)
        {
            // Turned on again: what was true before still is, until a newer answer comes.
            if (slot.Newest is { } newest && newest.ExpiresAt > Now)
                Accept(newest, tools.Options.CurrentValue);
            return;
        }

        // What was fetched is still true, but nobody wants it stapled any more.
        slot.Publish(null);
        slot.Report(Now, selected.Kind == StapleSourceKind.Off ? "turned off" : "the certificate names no OCSP responder", null);
        if (selected.Kind == StapleSourceKind.Off)
            tools.Logger.TurnedOff(slot.Name);
    }

    private async Task<OcspFetch> FetchAsync(StaplingOptions options, CancellationToken stopping)
    {
        // So many at a time and no more: ten thousand certificates of one authority must not all come at once.
        using var turn = await tools.Limiter.AcquireAsync(_source.Urls[0].Authority, cancellationToken: stopping).ConfigureAwait(false);
        return await tools.Fetcher.FetchAsync(_source, slot.Subject!, options.Verification, stopping).ConfigureAwait(false);
    }

    /// <summary>Decides what becomes of the outcome and publishes it. The answer is also the metric's tag.</summary>
    private string Judge(OcspFetch fetch, StaplingOptions options)
    {
        if (fetch.Staple is not { } staple)
            return "failed";
        if (staple.ExpiresAt <= Now)
            return "expired";
        // A cache or a lagging replica: what is held knows more.
        if (slot.Newest is { } newest && staple.ThisUpdate < newest.ThisUpdate)
            return "older";
        return Accept(staple, options);
    }

    private string Accept(VerifiedStaple staple, StaplingOptions options)
    {
        var before = slot.Newest?.Status.Kind;
        if (staple.Status.Kind == CertStatusKind.Unknown)
            return "unknown";
        slot.Newest = staple;
        if (staple.Status.Kind == CertStatusKind.Revoked)
        {
            // The older good must go at once, whichever policy.
            slot.Publish(options.Revoked == RevokedPolicy.Staple ? staple : null);
            if (before != CertStatusKind.Revoked)
                tools.Logger.Revoked(slot.Name, staple.Status.RevokedAt!.Value, staple.Status.Reason?.ToString() ?? "not given");
            return "revoked";
        }

        slot.Publish(staple);
        if (before == CertStatusKind.Revoked)
            tools.Logger.Restored(slot.Name);
        return "good";
    }

    private DateTimeOffset Conclude(string outcome, DateTimeOffset next)
    {
        if (_failures > 0 && slot.Newest is { } staple)
            tools.Logger.Recovered(slot.Name, staple.ExpiresAt);
        _failures = 0;
        if (slot.Current is { } current)
            tools.Logger.Refreshed(slot.Name, current.ExpiresAt, Until(next));
        slot.Report(Now, outcome, next);
        return next;
    }

    /// <summary>Sleeps until the next refresh, for ever when there is none, or until somebody asks; a staple that expires on the way is dropped on its minute.</summary>
    private async Task SleepAsync(DateTimeOffset? until, CancellationToken stopping)
    {
        using var sleep = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        lock (_gate)
        {
            if (_requests.Count > 0)
                return;
            _sleep = sleep;
        }

        try
        {
            // A minute at a time: timers stand still while a machine sleeps, the clock does not.
            while (!sleep.IsCancellationRequested && Left(until) is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait < LongestSleep ? wait : LongestSleep, tools.Clock, sleep.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (slot.Current is { } staple && staple.ExpiresAt <= Now)
                {
                    slot.Publish(null);
                    if (slot.Status.IsInUse)
                        tools.Logger.Expired(slot.Name, staple.ExpiresAt);
                }

                // A refresh would say so; its time may be days away.
                if (slot.Status.IsInUse && isReplaced())
                    return;
            }
        }
        finally
        {
            lock (_gate)
                _sleep = null;
        }

        stopping.ThrowIfCancellationRequested();
    }

    // Whole seconds: people read it.
    private TimeSpan Until(DateTimeOffset next) => TimeSpan.FromSeconds(Math.Round((next - Now).TotalSeconds));

    private TimeSpan Left(DateTimeOffset? until)
    {
        var end = until ?? DateTimeOffset.MaxValue;
        if (slot.Current is { } staple && staple.ExpiresAt > Now && staple.ExpiresAt < end)
            end = staple.ExpiresAt;
        return end - Now;
    }

    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);
}
