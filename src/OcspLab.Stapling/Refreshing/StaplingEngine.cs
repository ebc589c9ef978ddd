using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp;

namespace OcspLab.Stapling;

/// <summary>
/// Keeps a staple for every certificate of the server: one loop a certificate, so that one stuck responder holds up nothing
/// else, and no handshake ever waits for any of them.
/// </summary>
internal sealed partial class StaplingEngine : IHostedService, IStaplingStatus, IDisposable
{
    private readonly IOcspClient _client;
    private readonly IOptionsMonitor<StaplingOptions> _options;
    private readonly StaplingMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, Entry> _entries = new();
    private readonly Lock _adding = new();
    private int _disposed;

    public StaplingEngine(IOcspClient client, IOptionsMonitor<StaplingOptions> options, StaplingMetrics metrics, TimeProvider clock, Random random, ILoggerFactory loggers)
    {
        _client = client;
        _options = options;
        _metrics = metrics;
        _clock = clock;
        _random = random;
        _logger = loggers.CreateLogger("OcspLab.Stapling");
    }

    public IReadOnlyList<StapleStatus> Staples => [.. _entries.Values.OrderBy(entry => entry.Order).Select(entry => entry.Slot.Status)];

    /// <summary>The slot of a certificate; its refreshing starts with the first call.</summary>
    public StapleSlot Add(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        var key = StapleSlot.KeyOf(certificate);
        var candidates = atHand as IReadOnlyCollection<X509Certificate2> ?? [.. atHand];
        if (_entries.TryGetValue(key, out var known) && !MayBeMended(known.Slot, certificate, candidates))
            return known.Slot;
        lock (_adding)
        {
            if (_entries.TryGetValue(key, out known) && !MayBeMended(known.Slot, certificate, candidates))
                return known.Slot;
            var slot = CreateSlot(certificate, candidates);
            var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var loop = slot.Subject is null ? Task.CompletedTask : Task.Run(() => KeepFreshAsync(slot, first, _stopping.Token));
            if (slot.Subject is null)
                first.SetResult();
            _entries[key] = new Entry(slot, _entries.Count, _clock.GetTimestamp(), first.Task, loop);
            return slot;
        }
    }

    /// <summary>Completes when every certificate met so far was asked about once, or has had <see cref="StaplingOptions.StartupTimeout"/>, and no more than <paramref name="atMost"/>, for it.</summary>
    public async Task WaitForFirstStaplesAsync(CancellationToken cancellationToken, TimeSpan? atMost = null)
    {
        var timeout = _options.CurrentValue.StartupTimeout;
        if (atMost < timeout)
            timeout = atMost.Value;
        var started = _clock.GetTimestamp();
        var waiting = _entries.Values.Where(entry => !entry.First.IsCompleted).ToArray();
        if (waiting.Length == 0)
            return;
        foreach (var entry in waiting)
        {
            var left = timeout - _clock.GetElapsedTime(entry.AddedAt);
            try
            {
                await entry.First.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Reported below: the port opens all the same, and refreshing goes on.
            }
        }

        var wanted = _entries.Values.Count(entry => entry.Slot.Subject is not null);
        var have = _entries.Values.Count(entry => entry.Slot.Current is not null);
        if (have == wanted)
            Prefetched(_logger, have, (long)_clock.GetElapsedTime(started).TotalMilliseconds);
        else
            PrefetchIncomplete(_logger, have, wanted, (long)_clock.GetElapsedTime(started).TotalMilliseconds);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_entries.Values.Select(entry => entry.Loop)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // The container hands it out under three names and disposes of it under each; a host may do that without having stopped it.
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private StapleSlot CreateSlot(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        IReadOnlyList<Uri> urls = _options.CurrentValue.Responder is { } responder ? [responder] : certificate.GetOcspUrls();
        if (urls.Count == 0)
        {
            NoUrl(_logger, certificate.Subject);
            return new StapleSlot(certificate, null, urls, "the certificate names no OCSP responder");
        }

        if (IssuerFinder.Find(certificate, atHand) is not { } issuer)
        {
            NoIssuer(_logger, certificate.Subject, certificate.Issuer);
            return new StapleSlot(certificate, null, urls, $"the issuer's certificate ('{certificate.Issuer}') is not at hand");
        }

        try
        {
            return new StapleSlot(certificate, OcspSubject.FromCertificate(certificate, issuer), urls, "not asked yet");
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException or AsnContentException)
        {
            Unusable(_logger, certificate.Subject, exception.Message);
            return new StapleSlot(certificate, null, urls, exception.Message);
        }
    }

    // The endpoint's configuration did not have the issuer; the handshake's chain may.
    private static bool MayBeMended(StapleSlot slot, X509Certificate2 certificate, IReadOnlyCollection<X509Certificate2> atHand) =>
        slot.Subject is null && slot.Urls.Count > 0 && atHand.Count > 0 && IssuerFinder.Find(certificate, atHand) is not null;

    [SuppressMessage("Design", "CA1031", Justification = "The boundary of a loop that must not end: a certificate that is never refreshed again would be noticed when its staple is gone.")]
    private async Task KeepFreshAsync(StapleSlot slot, TaskCompletionSource first, CancellationToken stopping)
    {
        try
        {
            var failures = 0;
            while (slot.Subject!.NotAfter > _clock.GetUtcNow())
            {
                try
                {
                    (var next, failures) = await RefreshAsync(slot, failures, stopping).ConfigureAwait(false);
                    first.TrySetResult();
                    await WaitAsync(slot, next, stopping).ConfigureAwait(false);
                }
                catch (Exception exception) when (!stopping.IsCancellationRequested)
                {
                    RefreshFaulted(_logger, slot.Name, exception);
                    var now = _clock.GetUtcNow();
                    var next = RefreshPlan.AfterFailure(slot.Current, ++failures, _options.CurrentValue, now, Chance());
                    slot.Report(now, $"faulted: {exception.Message}", next);
                    _metrics.Refreshed("faulted", TimeSpan.Zero);
                    first.TrySetResult();
                    await DelayAsync(next, stopping).ConfigureAwait(false);
                }
            }

            first.TrySetResult();
            CertificateExpired(_logger, slot.Name);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            first.TrySetResult();
        }
    }

    private async Task<(DateTimeOffset At, int Failures)> RefreshAsync(StapleSlot slot, int failures, CancellationToken stopping)
    {
        using var activity = StaplingTelemetry.Source.StartActivity("ocsp.refresh");
        var options = _options.CurrentValue;
        var fetch = await _client.FetchAsync(slot.Subject!, slot.Urls, options.Verification, stopping).ConfigureAwait(false);
        var now = _clock.GetUtcNow();
        var outcome = Judge(slot, fetch, options, now);
        _metrics.Refreshed(outcome, fetch.Duration);
        activity?.SetTag("outcome", outcome);

        var served = fetch.Staple is { } staple && outcome is "good" or "revoked";
        failures = served ? 0 : failures + 1;
        var next = served
            ? RefreshPlan.AfterSuccess(fetch.Staple!, fetch.MaxAge, options, now, Chance())
            : RefreshPlan.AfterFailure(slot.Current, failures, options, now, Chance());
        if (served)
            StickTo(slot, fetch.Attempts[^1].Url);
        else if (slot.Urls.Count > 1)
            slot.Urls = [.. slot.Urls.Skip(1), slot.Urls[0]];
        if (served && slot.Status is { LastRefresh: not null, LastOutcome: not ("good" or "revoked") })
            Recovered(_logger, slot.Name, fetch.Staple!.ExpiresAt);
        if (outcome == "good" && slot.Status.LastOutcome == "revoked")
            Restored(_logger, slot.Name);
        Log(slot, fetch, outcome, now, next);
        slot.Report(now, served ? outcome : $"{outcome}: {fetch.Describe()}", next);
        return (next, failures);
    }

    /// <summary>Decides what becomes of the outcome and publishes it. The answer is also the metric's tag.</summary>
    private static string Judge(StapleSlot slot, OcspFetch fetch, StaplingOptions options, DateTimeOffset now)
    {
        if (fetch.Staple is not { } staple)
            return "failed";
        if (staple.ExpiresAt <= now)
            return "expired";
        // A cache or a lagging replica: what is held knows more.
        if (slot.Newest is { } newest && staple.ThisUpdate < newest.ThisUpdate && staple.ProducedAt <= newest.ProducedAt)
            return "older";
        if (staple.Status.Kind != CertStatusKind.Unknown)
            slot.Newest = staple;
        switch (staple.Status.Kind)
        {
            case CertStatusKind.Good:
                slot.Publish(staple);
                return "good";
            case CertStatusKind.Revoked:
                // The older good must go at once, whichever policy.
                slot.Publish(options.Revoked == RevokedPolicy.Staple ? staple : null);
                return "revoked";
            default:
                return "unknown";
        }
    }

    // The URL that answered is asked first from now on.
    private static void StickTo(StapleSlot slot, Uri worked)
    {
        if (slot.Urls[0] != worked)
            slot.Urls = [worked, .. slot.Urls.Where(url => url != worked)];
    }

    /// <summary>Waits for the next refresh; a staple that expires on the way is dropped on its minute.</summary>
    private async Task WaitAsync(StapleSlot slot, DateTimeOffset until, CancellationToken stopping)
    {
        if (slot.Current is { } staple && staple.ExpiresAt < until)
        {
            await DelayAsync(staple.ExpiresAt, stopping).ConfigureAwait(false);
            slot.Publish(null);
            Expired(_logger, slot.Name, staple.ExpiresAt);
        }

        await DelayAsync(until, stopping).ConfigureAwait(false);
    }

    private async Task DelayAsync(DateTimeOffset until, CancellationToken stopping)
    {
        // A minute at a time: timers stand still while a machine sleeps, the clock does not.
        while (until - _clock.GetUtcNow() is var wait && wait > TimeSpan.Zero)
            await Task.Delay(wait < LongestSleep ? wait : LongestSleep, _clock, stopping).ConfigureAwait(false);
    }

    private double Chance()
    {
        lock (_random)
            return _random.NextDouble();
    }

    private void Log(StapleSlot slot, OcspFetch fetch, string outcome, DateTimeOffset now, DateTimeOffset next)
    {
        var wait = next - now;
        switch (outcome)
        {
            case "good":
                Refreshed(_logger, slot.Name, fetch.Staple!.ExpiresAt, wait);
                break;
            case "revoked" when slot.Status.LastOutcome == "revoked":
                break; // Said once.
            case "revoked":
                Revoked(_logger, slot.Name, fetch.Staple!.Status.RevokedAt!.Value, fetch.Staple.Status.Reason?.ToString() ?? "not given");
                break;
            default:
                var why = outcome == "failed" ? fetch.Describe() : $"the responder's answer is {outcome}";
                if (slot.Current is { } held)
                    RefreshFailed(_logger, slot.Name, why, held.ExpiresAt, wait);
                else
                    NothingToStaple(_logger, slot.Name, why, wait);
                break;
        }
    }

    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    private sealed record Entry(StapleSlot Slot, int Order, long AddedAt, Task First, Task Loop);
}
