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
    Reloader? reloader,
    TimeProvider clock,
    ILogger logger
) : IDisposable
{
    private readonly CertificateFile _file = new(its.Certificate);
    private readonly StapleFile? _output = its.StapleFile is { } path ? new(path, its.NginxInclude) : null;
    private readonly HaproxySocket? _haproxy = its.HaproxySocket is { } address
        ? new(address, options.CommandTimeout)
        : null;
    private LoadedCertificate? _served;
    private LoadedCertificate? _next;
    private long _nextSince;
    private VerifiedStaple? _found;
    private VerifiedStaple? _told;
    private bool _isRevokedTold;
    private long? _wroteAt;

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

    /// <summary>Does what is to be done now.</summary>
    /// <param name="staples">What the engine holds, by thumbprint.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task StepAsync(IReadOnlyDictionary<string, StapleStatus> staples, CancellationToken cancellationToken)
    {
        string? fault = null;
        try
        {
            Look();
            TakeUp(staples);
            if (_served is not null)
            {
                Status = staples.GetValueOrDefault(_served.Thumbprint);
                // While a renewed one waits for its staple, whoever starts reads the new certificate.
                if (_next is null)
                    await GiveAsync(Choose(_served, Status), cancellationToken).ConfigureAwait(false);
                await TellRevokedAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (IOException exception)
        {
            fault = exception.Message;
        }

        Report(fault ?? _file.Fault);
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

    // The file may be another one.
    private void Look()
    {
        if (!_file.TryReadChanged(out var loaded))
            return;
        if (loaded.Thumbprint == _served?.Thumbprint)
        {
            // Another chain, or the renewal was taken back.
            LetGo(ref _next);
            _wroteAt = null;
            loaded.Dispose();
            return;
        }

        if (loaded.Thumbprint == _next?.Thumbprint)
        {
            loaded.Dispose();
            return;
        }

        LetGo(ref _next);
        (_next, _nextSince) = (loaded, clock.GetTimestamp());
        // It goes on by itself; the steps look how far it is.
        _ = stapler.PrepareAsync(loaded.Leaf, loaded.Chain, CancellationToken.None);
        if (_served is null)
            return;
        logger.Renewed(name, loaded.Leaf.SerialNumber);
        _output?.Suspend(mayBeMissing: its.HaproxySocket is not null);
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
        (_served, _next) = (next, null);
        _wroteAt = null;
        _isRevokedTold = false;
        _found = isFirst ? Find(next) : null;
        if (isFirst)
            _told = _found;
        else
            // With or without: it has to read the certificate.
            reloader?.Request();
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
            _output?.Read() is not { } there
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

    private async Task GiveAsync(VerifiedStaple? staple, CancellationToken cancellationToken)
    {
        // What is as it was is looked at once a minute, in case that somebody has deleted it.
        if (
            _output is not null
            && (staple != Given || _wroteAt is not { } last || clock.GetElapsedTime(last) > Recheck)
        )
        {
            _wroteAt = null;
            if (_output.Give(staple))
            {
                logger.Given(name, Describe(staple), its.StapleFile!);
                // HAProxy is told over its socket, and drops what has expired itself.
                if (_haproxy is null)
                    reloader?.Request();
            }

            _wroteAt = clock.GetTimestamp();
        }

        Given = staple;
        if (_haproxy is null || staple is null || ReferenceEquals(staple, _told))
            return;
        await _haproxy.GiveAsync(staple, clock, cancellationToken).ConfigureAwait(false);
        _told = staple;
        logger.Given(name, Describe(staple), its.HaproxySocket!);
    }

    private async Task TellRevokedAsync(CancellationToken cancellationToken)
    {
        if (_isRevokedTold || Status is not { IsRevoked: true })
            return;
        _isRevokedTold = true;
        logger.Revoked(name);
        if (its.OnRevoked is not { } command)
            return;
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

    private void LetGo(ref LoadedCertificate? certificate)
    {
        if (certificate is null)
            return;
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

    private static string Describe(VerifiedStaple? staple) =>
        staple is null ? "nothing" : $"{staple.Status.Kind.ToString().ToLowerInvariant()} until {staple.ExpiresAt:u}";

    private static readonly TimeSpan Recheck = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ReloadTime = TimeSpan.FromSeconds(5);
}
