using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Presigning;

/// <summary>
/// Signs ahead of time what is said of every certificate that a source lists, renews it, and keeps it where that is
/// wanted: a restart serves at once, and while a signer is away nobody notices until nextUpdate.
/// </summary>
internal sealed class Presigner : BackgroundService
{
    private readonly Dictionary<Authority, PresigningPlan> _plans;
    private readonly ResponseFactory _factory;
    private readonly ResponseCache _cache;
    private readonly ResponderOptions _options;
    private readonly IAnswerStore? _store;
    private readonly Dictionary<Authority, PresigningLease> _leases;
    private readonly ConcurrentDictionary<Authority, bool> _others = new();
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<Authority, string> _faults = new();

    public Presigner(
        AuthorityDirectory authorities,
        ResponseFactory factory,
        ResponseCache cache,
        AnswerStore store,
        IOptions<ResponderOptions> options,
        TimeProvider clock,
        ILogger<Presigner> logger
    )
    {
        _factory = factory;
        _cache = cache;
        _options = options.Value;
        Hashes = _options.PresignedHashes.Count == 0 ? [CertIdHash.Sha1] : [.. _options.PresignedHashes.Distinct()];
        _store = store.Any;
        _clock = clock;
        _logger = logger;
        _plans = authorities
            .All.Where(authority => _options.Authorities[authority.Name].Presign == PresignMode.Listed)
            .ToDictionary(authority => authority, _ => new PresigningPlan());
        _leases = store.Shared is { } shared
            ? _plans.Keys.ToDictionary(authority => authority, authority => shared.LeaseFor(authority.Id))
            : [];
    }

    /// <summary>How far an authority is, or null where nothing is signed ahead for it.</summary>
    public PresigningState? StateOf(Authority authority) =>
        _plans.TryGetValue(authority, out var plan)
            ? new PresigningState(
                plan.Count,
                plan.CountReady(_clock.GetUtcNow()),
                plan.NextAt,
                _faults.GetValueOrDefault(authority),
                _others.ContainsKey(authority)
            )
            : null;

    /// <summary>
    /// The shortest time from an answer's thisUpdate to its renewal so far, or null where there is none.
    /// </summary>
    public TimeSpan? Shortest { get; private set; }

    /// <summary>Ends when all of what the sources list is signed, for the first time.</summary>
    public Task FirstPassAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_plans.Values.Select(plan => plan.FirstPass)).WaitAsync(cancellationToken);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _cache.Forgotten += OnForgotten;
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        _cache.Forgotten -= OnForgotten;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_plans.Count == 0)
            return;
        // The port opens meanwhile: what is asked for before its turn is signed as it always was.
        await Task.Yield();
        // Where several share them, whoever signs ahead loads them.
        if (_store is not null && _leases.Count == 0)
            await LoadAsync(_plans.Keys, stoppingToken).ConfigureAwait(false);
        await Task.WhenAll(_plans.Select(entry => RunAsync(entry.Key, entry.Value, stoppingToken)))
            .ConfigureAwait(false);
    }

    private void OnForgotten(Authority authority, string? serialNumber, ChangedBy by)
    {
        if (!_plans.TryGetValue(authority, out var plan))
            return;
        // Before whoever made the change is told that it is made: a web server must not say the old thing any more.
        // Where another signs ahead and has seen the change as well, what is there may be the new thing already.
        if (serialNumber is not null && (by == ChangedBy.Us || !_others.ContainsKey(authority)))
            Remove(authority, serialNumber);
        plan.Change(serialNumber);
    }

    private async Task RunAsync(Authority authority, PresigningPlan plan, CancellationToken stopping)
    {
        long? listedAt = null;
        await using var lease = _leases.GetValueOrDefault(authority);
        var isOurs = lease is null;
        while (!stopping.IsCancellationRequested)
        {
            var pause = Pause;
            try
            {
                if (lease is not null && !await lease.HoldAsync(stopping).ConfigureAwait(false))
                {
                    isOurs = false;
                    _others[authority] = true;
                    plan.Complete();
                    await plan.WaitAsync(pause, _clock, stopping).ConfigureAwait(false);
                    continue;
                }

                if (!isOurs)
                {
                    isOurs = true;
                    listedAt = null;
                    _others.TryRemove(authority, out _);
                    plan.Change(null);
                    await LoadAsync([authority], stopping).ConfigureAwait(false);
                }

                if (plan.TakeStaleList() || listedAt is not { } last || _clock.GetElapsedTime(last) > ListInterval)
                {
                    await ListAsync(authority, plan, stopping).ConfigureAwait(false);
                    listedAt = _clock.GetTimestamp();
                }

                await SignDueAsync(authority, plan, stopping).ConfigureAwait(false);
                Recover(authority);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (IsOutside(exception))
            {
                Complain(authority, exception);
                pause = RetryPause;
            }

            try
            {
                await plan.WaitAsync(pause, _clock, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <exception cref="IOException">The source cannot be asked, or the store not written.</exception>
    private async Task ListAsync(Authority authority, PresigningPlan plan, CancellationToken cancellationToken)
    {
        if (authority.Source is not ICertificateList list)
            return;
        IReadOnlyCollection<string> listed;
        try
        {
            listed = await list.ListSerialNumbersAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            plan.ListAgain();
            throw;
        }

        var most = _options.MaximumCachedResponses / Hashes.Count;
        if (listed.Count > most)
            _logger.TooManyToPresign(authority.Name, listed.Count, most);
        foreach (var gone in plan.Replace([.. listed.Where(SerialNumbers.IsCanonical).Take(most)]))
            Remove(authority, gone);
    }

    /// <exception cref="IOException">The source cannot be asked, or the store not written.</exception>
    /// <exception cref="CryptographicException">The key cannot sign.</exception>
    private async Task SignDueAsync(Authority authority, PresigningPlan plan, CancellationToken cancellationToken)
    {
        var signed = 0;
        while (plan.Take(_clock.GetUtcNow()) is { } serial)
        {
            // Whatever happens, it is due again.
            DateTimeOffset? dueAt = _clock.GetUtcNow();
            try
            {
                dueAt = await SignAsync(authority, serial, cancellationToken).ConfigureAwait(false);
                signed++;
            }
            catch (InvalidDataException exception)
            {
                // One row of somebody else's is no reason to leave the others.
                if (authority.IsTimeToTellOfRow(_clock))
                    _logger.StatusUnreadable(authority.Name, exception.Message);
                dueAt = _clock.GetUtcNow() + UnreadablePause;
            }
            finally
            {
                plan.Settle(serial, dueAt);
            }
        }

        plan.Complete();
        if (signed > 0)
            _logger.Presigned(authority.Name, signed, plan.Count);
    }

    /// <returns>When it is due again; null where there is nothing to be signed for it.</returns>
    private async Task<DateTimeOffset?> SignAsync(
        Authority authority,
        string serial,
        CancellationToken cancellationToken
    )
    {
        DateTimeOffset? dueAt = null;
        foreach (var hash in Hashes)
        {
            var now = _clock.GetUtcNow();
            var version = _cache.Version;
            if (authority.SourceFault is { } fault)
                throw new IOException(fault);
            if (!authority.TrySelectSigner(null, now, out var signing))
                throw new CryptographicException(
                    authority.Signers.Select(signer => signer.Fault).FirstOrDefault(why => why is not null)
                        ?? "no signer is valid at this time"
                );
            var id = authority.SubjectOf(serial).ToCertId(hash);
            var question = Authority.Question(id, null);
            var fresh = await _factory
                .SignAsync(new OcspRequest { CertIds = [id] }, authority, signing, cancellationToken)
                .ConfigureAwait(false);
            if (fresh.Shelf is not { } shelf)
            {
                // There was no turn for it, or another signer is to be tried; else nobody issued it any more.
                if (fresh.Unsigned is not null)
                    return now + Pause;
                _store?.Remove(question);
                continue;
            }

            if (!_cache.Remember(question, authority, fresh.Response, shelf, version))
                return now;
            Note(shelf, fresh.Response);
            _store?.Save(question, fresh.Response.Body.Span, fresh.Response.Caching!.ThisUpdate);
            // Whatever changed in between has taken away an older file.
            if (_cache.Version != version)
                return now;
            dueAt = dueAt < shelf.RenewAt ? dueAt : shelf.RenewAt;
        }

        return dueAt;
    }

    private void Remove(Authority authority, string serial)
    {
        try
        {
            foreach (var hash in Hashes)
                _store?.Remove(Authority.Question(authority.SubjectOf(serial).ToCertId(hash), null));
        }
        catch (IOException exception)
        {
            _logger.AnswerStoreFailed(_store!.Name, exception.Message);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary: a store is anybody's, and signing goes on.")]
    private async Task LoadAsync(IReadOnlyCollection<Authority> authorities, CancellationToken stopping)
    {
        var kept = new KeptAnswers(_store!, authorities, _cache, _clock);
        var loaded = new List<KeptAnswer>();
        try
        {
            await foreach (var answer in kept.LoadAsync(stopping).ConfigureAwait(false))
            {
                Note(answer.Shelf, answer.Response);
                loaded.Add(answer);
            }

            if (loaded.Count > 0)
                _logger.AnswersLoaded(_store!.Name, loaded.Count);
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            _logger.AnswerStoreFailed(_store!.Name, exception.Message);
        }

        // One is ready when it is by every hash.
        foreach (var its in loaded.Where(answer => Hashes.Contains(answer.Id.Hash)).GroupBy(answer => answer.Subject))
        {
            if (its.Count() == Hashes.Count)
                _plans[its.Key.Authority].Add(its.Key.Serial, its.Min(answer => answer.Shelf.RenewAt));
        }
    }

    private void Note(Shelf shelf, PreparedResponse response)
    {
        var fresh = shelf.RenewAt - response.Caching!.ThisUpdate;
        if (Shortest is null || fresh < Shortest)
            Shortest = fresh;
    }

    private void Complain(Authority authority, Exception exception)
    {
        var isNew = !_faults.ContainsKey(authority);
        _faults[authority] = exception.Message;
        if (isNew)
            _logger.PresigningFailed(authority.Name, exception.Message);
    }

    private void Recover(Authority authority)
    {
        if (_faults.TryRemove(authority, out _))
            _logger.PresigningRecovered(authority.Name);
    }

    private static bool IsOutside(Exception exception) =>
        exception is IOException or InvalidDataException or CryptographicException;

    private IReadOnlyList<CertIdHash> Hashes { get; }

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UnreadablePause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ListInterval = TimeSpan.FromMinutes(10);
}

/// <summary>How far signing ahead is.</summary>
/// <param name="Listed">How many certificates the source lists.</param>
/// <param name="Ready">For how many of them there is an answer that is not to be renewed yet.</param>
/// <param name="NextAt">When the next is to be renewed, or null.</param>
/// <param name="Fault">Why it does not go on, or null.</param>
/// <param name="IsElsewhere">Whether another responder does it, for all that share the answers.</param>
internal sealed record PresigningState(
    int Listed,
    int Ready,
    DateTimeOffset? NextAt,
    string? Fault,
    bool IsElsewhere = false
);
