using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Refreshing;

/// <summary>Knows every certificate of the server and has a keeper for each. No handshake ever waits for any of them.</summary>
internal sealed class StaplingEngine : IHostedService, IStaplingStatus, IDisposable
{
    private readonly KeeperTools _tools;
    private readonly IDisposable? _watching;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _adding = new();
    private readonly Lazy<X509Certificate2Collection> _issuers;
    private readonly ConcurrentDictionary<CertId, StapleSlot> _byId = new();
    private readonly IssuerFinder _finder = new();
    private int _met;
    private int _disposed;

    public StaplingEngine(StapleFetcher fetcher, IStapleStore? store, IOptionsMonitor<StaplingOptions> options, StaplingMetrics metrics, TimeProvider clock, Random random, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger("OcspLab.Stapling");
        Options = options;
        var permits = Options.CurrentValue.MaximumConcurrency;
        var limiter = PartitionedRateLimiter.Create<string, string>(responder => RateLimitPartition.GetConcurrencyLimiter(
            responder, _ => new ConcurrencyLimiterOptions { PermitLimit = permits, QueueLimit = int.MaxValue }));
        _tools = new KeeperTools(fetcher, new StapleArchive(store, clock, logger), limiter, Options, metrics, clock, random, logger);
        _issuers = new Lazy<X509Certificate2Collection>(() => ReadIssuers(Options.CurrentValue.Issuers));
        _watching = Options.OnChange((_, _) => Reconsider());
        metrics.Watch(this, clock);
    }

    /// <summary>The settings that are in force.</summary>
    public IOptionsMonitor<StaplingOptions> Options { get; }

    /// <summary>The authorities that the settings name.</summary>
    public X509Certificate2Collection Issuers => _issuers.Value;

    public IReadOnlyList<StapleStatus> Staples => [.. _entries.Values.OrderBy(entry => entry.Order).Select(entry => entry.Slot.Status)];

    /// <summary>True while every keeper is asleep.</summary>
    public bool IsAsleep => _entries.Values.All(entry => entry.Keeper?.IsAsleep ?? true);

    public async Task<IReadOnlyList<StapleStatus>> RefreshAsync(string? thumbprint = null, CancellationToken cancellationToken = default)
    {
        var entries = _entries.Where(entry => thumbprint is null || string.Equals(entry.Key, thumbprint, StringComparison.OrdinalIgnoreCase)).Select(entry => entry.Value).OrderBy(entry => entry.Order).ToArray();
        await Task.WhenAll(entries.Select(entry => entry.Keeper?.RefreshNowAsync() ?? Task.CompletedTask)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. entries.Select(entry => entry.Slot.Status)];
    }

    /// <summary>The slot of the certificate that a CertID with SHA-1 means, or null.</summary>
    public StapleSlot? Find(CertId id) => _byId.GetValueOrDefault(id);

    /// <summary>The slot of a certificate; its refreshing starts with the first call.</summary>
    public StapleSlot Add(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        var key = StapleSlot.KeyOf(certificate);
        X509Certificate2[] candidates = [.. atHand, .. _issuers.Value];
        if (_entries.TryGetValue(key, out var known) && !MayBeMended(known.Slot, certificate, candidates))
            return known.Slot;
        lock (_adding)
        {
            if (_entries.TryGetValue(key, out known) && !MayBeMended(known.Slot, certificate, candidates))
                return known.Slot;
            var (slot, source) = CreateSlot(certificate, candidates);
            var keeper = slot.Subject is null ? null : new StapleKeeper(slot, source, () => slot.IsAbandoned && HasSuccessor(slot), _tools);
            var loop = keeper is null ? Task.CompletedTask : Task.Run(() => keeper.RunAsync(_stopping.Token));
            if (slot.Subject is { } subject)
                _byId[subject.ToCertId(CertIdHash.Sha1)] = slot;
            _entries[key] = new Entry(slot, keeper, _met++, _tools.Clock.GetTimestamp(), loop);
            return slot;
        }
    }

    /// <summary>Completes when every certificate met so far was asked about once, or has had <see cref="StaplingOptions.StartupTimeout"/>, and no more than <paramref name="atMost"/>, for it.</summary>
    public async Task WaitForFirstStaplesAsync(CancellationToken cancellationToken, TimeSpan? atMost = null)
    {
        var timeout = _tools.Options.CurrentValue.StartupTimeout;
        if (atMost < timeout)
            timeout = atMost.Value;
        var clock = _tools.Clock;
        var started = clock.GetTimestamp();
        var waiting = _entries.Values.Where(entry => entry.Keeper is { First.IsCompleted: false }).ToArray();
        if (waiting.Length == 0)
            return;
        foreach (var entry in waiting)
        {
            var left = timeout - clock.GetElapsedTime(entry.AddedAt);
            try
            {
                await entry.Keeper!.First.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Reported below: the port opens all the same, and refreshing goes on.
            }
        }

        var wanted = _entries.Values.Count(entry => entry.Slot.IsWanted);
        var have = _entries.Values.Count(entry => entry.Slot.Current is not null);
        var took = (long)clock.GetElapsedTime(started).TotalMilliseconds;
        if (have == wanted)
            _tools.Logger.Prefetched(have, took);
        else
            _tools.Logger.PrefetchIncomplete(have, wanted, took);
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
        _watching?.Dispose();
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private void Reconsider()
    {
        foreach (var entry in _entries.Values)
            entry.Keeper?.Reconsider();
    }

    private (StapleSlot Slot, StapleSource Source) CreateSlot(X509Certificate2 certificate, X509Certificate2[] atHand)
    {
        var logger = _tools.Logger;
        IReadOnlyList<string> names = [StapleSlot.KeyOf(certificate), certificate.Thumbprint];
        IReadOnlyList<Uri> urls = [];
        var source = new StapleSource(StapleSourceKind.Unusable, []);
        OcspSubject? subject = null;
        var outcome = "not asked yet";
        try
        {
            names = CertificateNames.Of(certificate);
            urls = certificate.GetOcspUrls();
            source = StapleSource.Select(urls, names, Options.CurrentValue);
            if (source.Kind == StapleSourceKind.None)
                logger.NoUrl(certificate.Subject);
            if (source.Kind == StapleSourceKind.Off)
                logger.TurnedOff(certificate.Subject);
            if (!source.IsActive)
                outcome = source.Kind == StapleSourceKind.Off ? "turned off" : "the certificate names no OCSP responder";

            if (_finder.Find(certificate, atHand) is { } issuer)
            {
                subject = OcspSubject.FromCertificate(certificate, issuer);
            }
            else if (source.IsActive)
            {
                // A self-signed certificate has no issuer to be revoked by, and names no responder.
                logger.NoIssuer(certificate.Subject, certificate.Issuer);
                outcome = $"the issuer's certificate ('{certificate.Issuer}') is not at hand";
                source = source with { Kind = StapleSourceKind.Unusable };
            }
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException or AsnContentException)
        {
            logger.Unusable(certificate.Subject, exception.Message);
            outcome = exception.Message;
            subject = null;
            source = source with { Kind = StapleSourceKind.Unusable };
        }

        return (new StapleSlot(certificate, subject, names, urls, source, outcome), source);
    }

    // An application that makes its contexts anew for each handshake abandons them all the time; only a newer certificate for all of its
    // names, with a key of the same kind, says that this one is over.
    private bool HasSuccessor(StapleSlot slot) => _entries.TryGetValue(slot.Key, out var own)
        && _entries.Values.Any(other => other.Order > own.Order
            && other.Slot.KeyAlgorithm == slot.KeyAlgorithm
            && other.Slot.NotBefore >= slot.NotBefore
            // The first two are thumbprints.
            && slot.Names.Skip(2).All(name => other.Slot.Names.Contains(name, StringComparer.OrdinalIgnoreCase)));

    private static X509Certificate2Collection ReadIssuers(IEnumerable<string> files)
    {
        var issuers = new X509Certificate2Collection();
        foreach (var file in files)
            issuers.ImportFromPemFile(file);
        return issuers;
    }

    // The endpoint's configuration did not have the issuer; the handshake's chain may.
    private bool MayBeMended(StapleSlot slot, X509Certificate2 certificate, X509Certificate2[] atHand) =>
        slot.Status.Source == StapleSourceKind.Unusable && atHand.Length > 0 && _finder.Find(certificate, atHand) is not null;

    private sealed record Entry(StapleSlot Slot, StapleKeeper? Keeper, int Order, long AddedAt, Task Loop);
}
