using Microsoft.Extensions.Logging;
using OcspLab.Keep.Certificates;
using OcspLab.Keep.Outputs;
using OcspLab.Keep.Reloading;
using OcspLab.Keep.Settings;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signatures;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling;
using OcspLab.Stapling.Status;

namespace OcspLab.Keep.Keeping;

/// <summary>
/// One certificate and what servers have of its staple. Each step compares what is with what is to be and mends the
/// difference, so that nothing is lost where a step fails. Not thread-safe.
/// </summary>
internal sealed class KeptCertificate(
    string name,
    KeptCertificateOptions its,
    KeepOptions options,
    IOcspStapler stapler,
    StapleDelivery delivery,
    Func<string, bool> isKeptTwice,
    TimeProvider clock,
    ILogger logger
) : IDisposable
{
    private readonly CertificateFile _file = new(its.Certificate);
    private LoadedCertificate? _served;
    private LoadedCertificate? _next;
    private long _nextSince;
    private VerifiedStaple? _found;
    private bool _isRevokedTold;
    private bool _isToBeSuspended;

    /// <summary>Its name in the settings.</summary>
    public string Name => name;

    /// <summary>Its settings.</summary>
    public KeptCertificateOptions Settings => its;

    /// <summary>What is wrong at this moment, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>The staple that servers have, or null.</summary>
    public VerifiedStaple? Given { get; private set; }

    /// <summary>
    /// The serial number of the certificate that it is about, INTEGER content octets in lower-case hexadecimal; null
    /// before it was read.
    /// </summary>
    public string? SerialNumber =>
        _served is null ? null : Convert.ToHexStringLower(_served.Leaf.SerialNumberBytes.Span);

    /// <summary>What the engine holds for it, or null.</summary>
    public StapleStatus? Status { get; private set; }

    /// <summary>Whether it is about a certificate.</summary>
    public bool Holds(string thumbprint) => _served?.Thumbprint == thumbprint || _next?.Thumbprint == thumbprint;

    /// <summary>
    /// Whether a server that read its files now would find a renewed certificate and no staple for it yet, which is a
    /// matter of seconds most of the time.
    /// </summary>
    public bool IsInBetween =>
        delivery.HasFile
        && (
            _file.IsAnother
            || ((_next is not null || delivery.IsUnwritten) && clock.GetElapsedTime(_nextSince) < ReloadPatience)
        );

    /// <summary>Does what is to be done now.</summary>
    /// <param name="staples">What the engine holds, by thumbprint.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task StepAsync(IReadOnlyDictionary<string, StapleStatus> staples, CancellationToken cancellationToken)
    {
        Look();
        TakeUp(staples);
        var fault = _file.Fault;
        if (_served is { } served)
        {
            Status = staples.GetValueOrDefault(served.Thumbprint);
            if (Status is null)
                // Just met, or let go of by the engine, to which nobody has said for long that it is used.
                Prepare(served);
            else if (_next is not null)
                fault = Suspend() ?? fault;
            else if (!IsUndecided(Status))
            {
                Given = Choose(served, Status);
                fault = await delivery.GiveAsync(Given, cancellationToken).ConfigureAwait(false) ?? fault;
            }

            TellRevoked(cancellationToken);
        }

        Report(fault);
    }

    /// <summary>It is kept no longer; the files are left to whoever takes over.</summary>
    public void Leave()
    {
        LetGo(ref _next);
        LetGo(ref _served);
    }

    public void Dispose()
    {
        _served?.Dispose();
        _next?.Dispose();
    }

    private void Prepare(LoadedCertificate certificate) =>
        // It goes on by itself; the steps look how far it is.
        _ = stapler.PrepareAsync(certificate.Leaf, certificate.Chain, CancellationToken.None);

    // Before the first look is over nothing is known that would be better than what lies there.
    private bool IsUndecided(StapleStatus status) =>
        status is { LastOutcome: RefreshOutcome.Pending, Staple: null } && Given is null && _found is null;

    // The file may be another one.
    private void Look()
    {
        if (!_file.TryReadChanged(out var loaded))
            return;
        // The same with another chain: its issuer may have come only now.
        if (loaded.Thumbprint == _served?.Thumbprint)
        {
            LetGo(ref _next);
            (_served, _isToBeSuspended) = (loaded, false);
            delivery.WriteAgain();
            Prepare(loaded);
            return;
        }

        if (loaded.Thumbprint != _next?.Thumbprint)
        {
            LetGo(ref _next);
            _nextSince = clock.GetTimestamp();
            if (_served is not null)
                logger.Renewed(name, loaded.Leaf.SerialNumber);
        }

        (_next, _isToBeSuspended) = (loaded, _served is not null);
        Prepare(loaded);
    }

    private string? Suspend()
    {
        var fault = _isToBeSuspended ? delivery.Suspend() : null;
        _isToBeSuspended &= fault is not null;
        return fault;
    }

    // A renewed certificate comes into force with its staple.
    private void TakeUp(IReadOnlyDictionary<string, StapleStatus> staples)
    {
        if (_next is not { } next)
            return;
        var isFirst = _served is null;
        if (!isFirst && !IsReady(staples.GetValueOrDefault(next.Thumbprint)))
            return;
        LetGo(ref _served);
        _found = isFirst ? Find(next) : null;
        _nextSince = clock.GetTimestamp();
        // Until its files are written it is in between as before.
        if (!isFirst)
            delivery.Renew();
        (_served, _next, _isRevokedTold) = (next, null, false);
    }

    private bool IsReady(StapleStatus? status) =>
        status?.Staple is not null
        || status?.Source is StapleSourceKind.None or StapleSourceKind.Off
        || clock.GetElapsedTime(_nextSince) >= options.RenewalPatience
        // What servers have of the old one must not expire there.
        || (Given is not null && Given.ExpiresAt - Margin(Given) <= clock.GetUtcNow())
        || _served?.Leaf.NotAfter.ToUniversalTime() <= clock.GetUtcNow().UtcDateTime;

    // What somebody, most likely this program, has put there before. It counts as far as it verifies.
    private VerifiedStaple? Find(LoadedCertificate certificate)
    {
        if (
            delivery.Read() is not { } there
            || certificate.Chain.FirstOrDefault(candidate => certificate.Leaf.IsIssuedBy(candidate)) is not { } issuer
        )
            return null;
        return OcspVerifier
            .Verify(
                there,
                OcspSubject.FromCertificate(certificate.Leaf, issuer),
                new VerificationPolicy(),
                clock.GetUtcNow()
            )
            .TryGetStaple(out var staple, out _)
            ? staple
            : null;
    }

    // The newest that is still true for a while: an older one never takes the place of a newer one.
    private VerifiedStaple? Choose(LoadedCertificate certificate, StapleStatus? status)
    {
        var staple = status?.Staple;
        // Where the engine withholds that it is revoked, an older good one does not come back.
        if (status is { IsRevoked: true, Staple: null })
            _found = null;
        if (_found is not null && (staple is null || staple.ThisUpdate < _found.ThisUpdate))
            staple = _found;
        else
            _found = null;
        if (staple is null || certificate.Leaf.NotAfter.ToUniversalTime() <= clock.GetUtcNow().UtcDateTime)
            return null;
        if (staple.ExpiresAt - Margin(staple) <= clock.GetUtcNow())
            return null;
        return staple.Status.Kind == CertStatusKind.Revoked && its.Revoked == RevokedStaple.Withhold ? null : staple;
    }

    private void TellRevoked(CancellationToken cancellationToken)
    {
        if (_isRevokedTold || Status is not { IsRevoked: true })
            return;
        _isRevokedTold = true;
        logger.Revoked(name);
        // Beside the steps, which are not to wait for it.
        if (its.OnRevoked is { } command)
            Told = RunAsync(command, cancellationToken);
    }

    private async Task RunAsync(string command, CancellationToken cancellationToken)
    {
        try
        {
            var fault = await ShellCommand
                .RunAsync(
                    command,
                    new Dictionary<string, string>
                    {
                        ["OCSPLAB_NAME"] = name,
                        ["OCSPLAB_CERTIFICATE"] = Path.GetFullPath(its.Certificate),
                    },
                    options.CommandTimeout,
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (fault is not null)
                logger.CommandFailed(fault);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    /// <summary>The command that was run because it is revoked.</summary>
    internal Task Told { get; private set; } = Task.CompletedTask;

    private void LetGo(ref LoadedCertificate? certificate)
    {
        if (certificate is null)
            return;
        // Two servers may have the same certificate.
        if (!isKeptTwice(certificate.Thumbprint))
            stapler.Release(certificate.Leaf);
        certificate.Dispose();
        certificate = null;
    }

    private void Report(string? fault)
    {
        if (fault is not null && fault != Fault)
            logger.Stuck(name, fault);
        Fault = fault;
    }

    // A reload may have to wait, and takes its time; and what has expired must not be stapled.
    private TimeSpan Margin(VerifiedStaple staple)
    {
        var tenth = (staple.ExpiresAt - staple.ThisUpdate) / 10;
        var reload = options.ReloadInterval + ReloadTime;
        return tenth < reload ? tenth : reload;
    }

    private static readonly TimeSpan ReloadPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReloadTime = TimeSpan.FromSeconds(5);
}
