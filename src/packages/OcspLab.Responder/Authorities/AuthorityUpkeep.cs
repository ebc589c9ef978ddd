using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Authorities;

/// <summary>
/// Looks once a second whether others changed a source, or the files of a signer, and drops what was answered before. Each authority has a loop of
/// its own: a source that hangs does not keep the others.
/// </summary>
internal sealed partial class AuthorityUpkeep(AuthorityDirectory authorities, ReadyAnswers ready, IOptions<ResponderOptions> options, TimeProvider clock, ILogger<AuthorityUpkeep> logger) : BackgroundService
{
    private readonly List<Action> _unsubscribe = [];
    private readonly List<Task> _first = [];
    private readonly CancellationTokenSource _stopping = new();

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var authority in authorities.All)
        {
            void Forget(string? serialNumber) => ready.Forget(authority, serialNumber);
            authority.Source.Changed += Forget;
            _unsubscribe.Add(() => authority.Source.Changed -= Forget);
            foreach (var signer in authority.Signers.Where(signer => Signer.IsValid(signer.Key, clock.GetUtcNow())))
                SignerLoaded(logger, signer.Key.Certificate.Subject, authority.Name, signer.NotAfter.UtcDateTime);
        }

        // The first look is before the first question: a CRL is loaded by it. One that takes long keeps nobody else, and its clients try later.
        foreach (var authority in authorities.All)
        {
            authority.SourceFault = "it was not asked yet";
            _first.Add(LookAsync(authority, _stopping.Token));
        }

        await Task.WhenAny(Task.WhenAll(_first), Task.Delay(StartPatience, clock, cancellationToken)).ConfigureAwait(false);
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

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(authorities.All.Zip(_first, (authority, first) => WatchAsync(authority, first, stoppingToken)));

    private async Task WatchAsync(Authority authority, Task first, CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, clock);
            await first.ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                await LookAsync(authority, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task LookAsync(Authority authority, CancellationToken cancellationToken)
    {
        await LookAtSourceAsync(authority, cancellationToken).ConfigureAwait(false);
        foreach (var signer in authority.Signers)
            LookAt(signer, authority);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary: a source is anybody's code, and its loop must go on.")]
    private async Task LookAtSourceAsync(Authority authority, CancellationToken cancellationToken)
    {
        try
        {
            if (await authority.Source.HasChangedAsync(cancellationToken).ConfigureAwait(false))
                ready.Forget(authority, null);
            if (authority.IsFaultTold)
                SourceRecovered(logger, authority.Name);
            authority.IsFaultTold = false;
            authority.SourceFault = null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (!authority.IsFaultTold)
                SourceUnavailable(logger, authority.Name, exception.Message);
            authority.IsFaultTold = true;
            authority.SourceFault = exception.Message;
            // What is ready may be outdated by now.
            if (options.Value.WhenSourceFails == WhenSourceFails.TryLater)
                ready.Forget(authority, null);
        }
    }

    private void LookAt(Signer signer, Authority authority)
    {
        var now = clock.GetUtcNow();
        try
        {
            if (signer.Reload(now))
            {
                SignerReplaced(logger, signer.Key.Certificate.Subject, authority.Name, signer.NotAfter.UtcDateTime);
                ready.Forget(authority, null);
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            if (signer.Refusal != exception.Message)
                SignerRefused(logger, authority.Name, exception.Message);
            signer.Refusal = exception.Message;
        }

        var age = signer.AgeAt(now);
        if (age == signer.ReportedAge)
            return;
        signer.ReportedAge = age;
        if (age == SignerAge.Ageing)
            SignerAgeing(logger, signer.Key.Certificate.Subject, authority.Name, signer.NotAfter.UtcDateTime);
        else if (age is SignerAge.Expired or SignerAge.NotYetValid)
            SignerOutOfDate(logger, signer.Key.Certificate.Subject, authority.Name, signer.NotBefore.UtcDateTime, signer.NotAfter.UtcDateTime);
    }

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    [LoggerMessage(2001, LogLevel.Information, "'{Subject}' signs for {Authority} until {NotAfter:u}", EventName = "SignerLoaded")]
    private static partial void SignerLoaded(ILogger logger, string subject, string authority, DateTime notAfter);

    [LoggerMessage(2003, LogLevel.Error, "The statuses of {Authority} cannot be looked up; clients are told to try later: {Why}", EventName = "SourceUnavailable")]
    private static partial void SourceUnavailable(ILogger logger, string authority, string why);

    [LoggerMessage(2006, LogLevel.Information, "The statuses of {Authority} can be looked up again", EventName = "SourceRecovered")]
    private static partial void SourceRecovered(ILogger logger, string authority);

    [LoggerMessage(2005, LogLevel.Error, "The signer '{Subject}' of {Authority} is valid from {NotBefore:u} to {NotAfter:u} only; without another one clients are told to try later", EventName = "SignerOutOfDate")]
    private static partial void SignerOutOfDate(ILogger logger, string subject, string authority, DateTime notBefore, DateTime notAfter);

    [LoggerMessage(2007, LogLevel.Information, "'{Subject}' now signs for {Authority} until {NotAfter:u}", EventName = "SignerReplaced")]
    private static partial void SignerReplaced(ILogger logger, string subject, string authority, DateTime notAfter);

    [LoggerMessage(2008, LogLevel.Warning, "The new files of a signer of {Authority} are left aside: {Why}", EventName = "SignerRefused")]
    private static partial void SignerRefused(ILogger logger, string authority, string why);

    [LoggerMessage(2009, LogLevel.Warning, "The signer '{Subject}' of {Authority} ends at {NotAfter:u}; its answers end with it", EventName = "SignerAgeing")]
    private static partial void SignerAgeing(ILogger logger, string subject, string authority, DateTime notAfter);
}
