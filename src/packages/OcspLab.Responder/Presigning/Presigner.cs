using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Presigning;

/// <summary>
/// Signs ahead of time what is said of every certificate that a source lists, renews it, and keeps it in a folder where
/// that is wanted: a restart serves at once, and while a signer is away nobody notices until nextUpdate.
/// </summary>
internal sealed class Presigner : BackgroundService
{
    private readonly Dictionary<Authority, PresigningPlan> _plans;
    private readonly ResponseFactory _factory;
    private readonly ResponseCache _cache;
    private readonly ResponderOptions _options;
    private readonly AnswerFolder? _folder;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<Authority, string> _faults = new();

    public Presigner(
        AuthorityDirectory authorities,
        ResponseFactory factory,
        ResponseCache cache,
        IOptions<ResponderOptions> options,
        TimeProvider clock,
        ILogger<Presigner> logger
    )
    {
        _factory = factory;
        _cache = cache;
        _options = options.Value;
        Hashes = _options.PresignedHashes.Count == 0 ? [CertIdHash.Sha1] : [.. _options.PresignedHashes.Distinct()];
        _folder = _options.AnswerFolder is { } folder ? new AnswerFolder(folder) : null;
        _clock = clock;
        _logger = logger;
        _plans = authorities
            .All.Where(authority => _options.Authorities[authority.Name].Presign == PresignMode.Listed)
            .ToDictionary(authority => authority, _ => new PresigningPlan());
    }

    /// <summary>How far an authority is, or null where nothing is signed ahead for it.</summary>
    public PresigningState? StateOf(Authority authority) =>
        _plans.TryGetValue(authority, out var plan)
            ? new PresigningState(
                plan.Count,
                plan.CountReady(_clock.GetUtcNow()),
                plan.NextAt,
                _faults.GetValueOrDefault(authority)
            )
            : null;

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
        if (_folder is not null)
            await LoadAsync(_folder, stoppingToken).ConfigureAwait(false);
        await Task.WhenAll(_plans.Select(entry => RunAsync(entry.Key, entry.Value, stoppingToken)))
            .ConfigureAwait(false);
    }

    private void OnForgotten(Authority authority, string? serialNumber)
    {
        if (_plans.TryGetValue(authority, out var plan))
            plan.Change(serialNumber);
    }

    private async Task RunAsync(Authority authority, PresigningPlan plan, CancellationToken stopping)
    {
        var listedAt = long.MinValue;
        while (!stopping.IsCancellationRequested)
        {
            var pause = Pause;
            try
            {
                if (plan.TakeStaleList() || _clock.GetElapsedTime(listedAt) > ListInterval)
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

    /// <exception cref="IOException">The source cannot be asked, or the folder not written.</exception>
    private async Task ListAsync(Authority authority, PresigningPlan plan, CancellationToken cancellationToken)
    {
        if (authority.Source is not ICertificateList list)
            return;
        var listed = await list.ListSerialNumbersAsync(cancellationToken).ConfigureAwait(false);
        var most = _options.MaximumCachedResponses / Hashes.Count;
        if (listed.Count > most)
            _logger.TooManyToPresign(authority.Name, listed.Count, most);
        foreach (var gone in plan.Replace([.. listed.Where(SerialNumbers.IsShort).Take(most)]))
            Remove(authority, gone);
    }

    /// <exception cref="IOException">The source cannot be asked, or the folder not written.</exception>
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
            if (authority.SourceFault is { } fault)
                throw new IOException(fault);
            if (!authority.TrySelectSigner(null, now, out var signing))
                throw new CryptographicException("no signer is valid at this time");
            var id = authority.SubjectOf(serial).ToCertId(hash);
            var question = Authority.Question(id, null);
            var version = _cache.Version;
            var fresh = await _factory
                .SignAsync(new OcspRequest { CertIds = [id] }, authority, signing, cancellationToken)
                .ConfigureAwait(false);
            if (fresh.Shelf is not { } shelf)
            {
                // Nobody issued it any more; or there was no turn for it.
                if (fresh.Response.Outcome == Telemetry.ResponseOutcome.TryLater)
                    return now + Pause;
                _folder?.Remove(question);
                continue;
            }

            if (!_cache.Remember(question, authority, fresh.Response, shelf, version))
                return now;
            _folder?.Save(question, fresh.Response.Body.Span, fresh.Response.Caching!.ThisUpdate);
            dueAt = dueAt < shelf.RenewAt ? dueAt : shelf.RenewAt;
        }

        return dueAt;
    }

    private void Remove(Authority authority, string serial)
    {
        foreach (var hash in Hashes)
            _folder?.Remove(Authority.Question(authority.SubjectOf(serial).ToCertId(hash), null));
    }

    /// <summary>
    /// What is in the folder is believed as far as a client would, and only where the source still says the same.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "The boundary: a folder is anybody's, and signing goes on.")]
    private async Task LoadAsync(AnswerFolder folder, CancellationToken stopping)
    {
        var loaded = 0;
        try
        {
            foreach (var (question, answer) in folder.ReadAll())
            {
                if (await IsLoadedAsync(question, answer, stopping).ConfigureAwait(false))
                    loaded++;
                else
                    folder.Remove(question);
            }

            _logger.AnswersLoaded(_options.AnswerFolder!, loaded);
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            _logger.AnswerFolderFailed(_options.AnswerFolder!, exception.Message);
        }
    }

    private async Task<bool> IsLoadedAsync(byte[] question, byte[] answer, CancellationToken stopping)
    {
        if (
            !OcspRequest.TryDecode(question, out var request, out _)
            || request is not { CertIds: [var id] }
            || _plans.Keys.FirstOrDefault(authority => authority.Issued(id)) is not { } authority
        )
            return false;
        var serial = id.ToString();
        var now = _clock.GetUtcNow();
        if (
            !OcspVerifier
                .Verify(answer, authority.SubjectOf(serial), new VerificationPolicy { ClockSkew = TimeSpan.Zero }, now)
                .TryGetStaple(out var staple, out _)
            || staple.NextUpdate is not { } nextUpdate
            || !staple.CertId.Equals(id)
        )
            return false;
        var version = _cache.Version;
        if (
            await authority.Source.FindAsync(serial, stopping).ConfigureAwait(false) is not { IsListed: true } found
            || !SaysTheSame(found, staple)
        )
            return false;
        var restored = ResponseFactory.Restore(authority.Policy, staple, nextUpdate);
        if (!_cache.Remember(question, authority, restored.Response, restored.Shelf!.Value, version))
            return false;
        _plans[authority].Add(serial, restored.Shelf.Value.RenewAt);
        return true;
    }

    // An answer has whole seconds, and is silent about reasons that say nothing.
    private static bool SaysTheSame(SourceStatus found, VerifiedStaple staple) =>
        found.Status.Kind == staple.Status.Kind
        && found.Status.RevokedAt?.ToUnixTimeSeconds() == staple.Status.RevokedAt?.ToUnixTimeSeconds()
        && (found.ChangedAt is null || found.ChangedAt <= staple.ProducedAt.AddSeconds(1));

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
    private static readonly TimeSpan ListInterval = TimeSpan.FromMinutes(10);
}

/// <summary>How far signing ahead is.</summary>
/// <param name="Listed">How many certificates the source lists.</param>
/// <param name="Ready">For how many of them there is an answer that is not to be renewed yet.</param>
/// <param name="NextAt">When the next is to be renewed, or null.</param>
/// <param name="Fault">Why it does not go on, or null.</param>
internal sealed record PresigningState(int Listed, int Ready, DateTimeOffset? NextAt, string? Fault);
