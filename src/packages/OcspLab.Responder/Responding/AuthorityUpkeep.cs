using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Responding;

/// <summary>
/// Looks once a second whether others changed a source, or the files of a signer, and drops what was answered before.
/// Each authority has a loop of its own: a source that hangs does not keep the others.
/// </summary>
internal sealed class AuthorityUpkeep(
    AuthorityDirectory authorities,
    ResponseCache cache,
    IOptions<ResponderOptions> options,
    TimeProvider clock,
    ILogger<AuthorityUpkeep> logger
) : BackgroundService
{
    private readonly List<Action> _unsubscribe = [];
    private readonly List<Task> _first = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Authority, Task<SourceChanges>> _looks = new();

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var authority in authorities.All)
        {
            void Forget(string? serialNumber) => cache.Forget(authority, serialNumber, ChangedBy.Us);
            authority.Source.Changed += Forget;
            _unsubscribe.Add(() => authority.Source.Changed -= Forget);
            foreach (var signer in authority.Signers.Where(signer => Signer.IsValid(signer.Key, clock.GetUtcNow())))
                logger.SignerLoaded(signer.Key.Certificate.Subject, authority.Name, signer.NotAfter.UtcDateTime);
        }

        // The first look is before the first question: a CRL is loaded by it. One that takes long keeps nobody else,
        // and its clients try later.
        foreach (var authority in authorities.All)
        {
            authority.SourceFault = "it was not asked yet";
            _first.Add(LookAtSourceAsync(authority, _stopping.Token));
        }

        await Task.WhenAny(Task.WhenAll(_first), Task.Delay(StartTimeout, clock, cancellationToken))
            .ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        _unsubscribe.ForEach(unsubscribe => unsubscribe());
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(
            authorities.All.SelectMany(
                (authority, index) =>
                    (Task[])
                        [
                            WatchSourceAsync(authority, _first[index], stoppingToken),
                            // A token that takes its time to say no must not keep anybody from seeing a revocation.
                            Task.Run(() => WatchSignersAsync(authority, stoppingToken), stoppingToken),
                        ]
            )
        );

    private async Task WatchSourceAsync(Authority authority, Task first, CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(PollInterval, clock);
            await first.ConfigureAwait(false);
            var clockWatch = new ClockWatch(clock);
            var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            var told = WaitForNewsAsync(authority, stoppingToken);
            while (true)
            {
                await (await Task.WhenAny(tick, told).ConfigureAwait(false)).ConfigureAwait(false);
                if (tick.IsCompleted)
                    tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
                if (told.IsCompleted)
                    told = WaitForNewsAsync(authority, stoppingToken);
                // When an answer is renewed was reckoned by the clock that was.
                if (clockWatch.WasSetBack(out var by))
                {
                    logger.ClockSetBack(by, authority.Name);
                    cache.Forget(authority, null);
                }

                await LookAtSourceAsync(authority, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private Task WaitForNewsAsync(Authority authority, CancellationToken stoppingToken) =>
        authority.Source is ISourceNews news
            ? news.WaitForNewsAsync(stoppingToken)
            : Task.Delay(Timeout.InfiniteTimeSpan, clock, stoppingToken);

    private async Task WatchSignersAsync(Authority authority, CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(PollInterval, clock);
            do
            {
                foreach (var signer in authority.Signers)
                    LookAt(signer, authority);
            } while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary: a source is anybody's code, and its loop must go on."
    )]
    private async Task LookAtSourceAsync(Authority authority, CancellationToken cancellationToken)
    {
        try
        {
            var changes = await FindChangesAsync(authority, cancellationToken).ConfigureAwait(false);
            // What changed while it could not be asked may not be told again.
            Forget(authority.SourceFault is null ? changes : SourceChanges.All, authority);

            if (authority.IsFaultLogged)
                logger.SourceRecovered(authority.Name);
            authority.IsFaultLogged = false;
            authority.SourceFault = null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (!authority.IsFaultLogged)
                logger.SourceUnavailable(authority.Name, exception.Message);
            authority.IsFaultLogged = true;
            authority.SourceFault = exception.Message;
            // What is ready may be outdated by now.
            if (options.Value.WhenSourceFails == WhenSourceFails.TryLater)
                cache.Forget(authority, null);
        }
    }

    /// <exception cref="IOException">It cannot be asked, or does not answer in time.</exception>
    private async Task<SourceChanges> FindChangesAsync(Authority authority, CancellationToken cancellationToken)
    {
        // One that hangs is not asked twice; when it comes back, its answer counts.
        var look = _looks.TryGetValue(authority, out var pending) ? pending : Task.Run(LookAsync, cancellationToken);
        _looks[authority] = look;
        try
        {
            var changes = await look.WaitAsync(LookTimeout, clock, cancellationToken).ConfigureAwait(false);
            _looks.TryRemove(authority, out _);
            return changes;
        }
        catch (TimeoutException) when (!look.IsCompleted)
        {
            throw new IOException($"it does not answer within {LookTimeout.TotalSeconds:0} seconds");
        }
        catch
        {
            _looks.TryRemove(authority, out _);
            throw;
        }

        async Task<SourceChanges> LookAsync()
        {
            var changes = await authority.Source.FindChangesAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await AskAgainAsync(authority, cancellationToken).ConfigureAwait(false);
                return changes;
            }
            catch (IOException) when (changes != SourceChanges.None)
            {
                // They are told once only.
                Forget(changes, authority);
                throw;
            }
        }
    }

    private void Forget(SourceChanges changes, Authority authority)
    {
        if (changes.SerialNumbers is null)
            cache.Forget(authority, null);
        foreach (var serial in changes.SerialNumbers ?? [])
            cache.Forget(authority, serial);
    }

    /// <exception cref="IOException">What could not be looked up still cannot.</exception>
    private static async Task AskAgainAsync(Authority authority, CancellationToken cancellationToken)
    {
        if (authority.Doubt is not { } serial)
            return;
        try
        {
            await authority.Source.FindAsync(serial, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            // It can be asked.
        }

        authority.Doubt = null;
    }

    private void LookAt(Signer signer, Authority authority)
    {
        var now = clock.GetUtcNow();
        try
        {
            if (signer.Reload(now))
            {
                logger.SignerReplaced(signer.Key.Certificate.Subject, authority.Name, signer.NotAfter.UtcDateTime);
                cache.Forget(authority, null);
            }
        }
        catch (Exception exception)
            when (exception
                    is InvalidOperationException
                        or IOException
                        or UnauthorizedAccessException
                        or System.Security.Cryptography.CryptographicException
            )
        {
            if (signer.Refusal != exception.Message)
                logger.SignerRefused(authority.Name, exception.Message);
            signer.Refusal = exception.Message;
        }

        if (signer.Fault is not null && signer.Test(now) is null)
        {
            signer.Fault = null;
            logger.SigningRecovered(signer.Key.Certificate.Subject, authority.Name);
        }

        var age = signer.AgeAt(now);
        if (age == signer.ReportedAge)
            return;
        signer.ReportedAge = age;
        if (age == SignerAge.Ageing)
            logger.SignerAgeing(signer.Key.Certificate.Subject, authority.Name, signer.NotAfter.UtcDateTime);
        else if (age is SignerAge.Expired or SignerAge.NotYetValid)
            logger.SignerOutOfDate(
                signer.Key.Certificate.Subject,
                authority.Name,
                signer.NotBefore.UtcDateTime,
                signer.NotAfter.UtcDateTime
            );
    }

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(10);
}
