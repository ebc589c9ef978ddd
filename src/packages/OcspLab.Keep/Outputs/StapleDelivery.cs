using Microsoft.Extensions.Logging;
using OcspLab.Keep.Reloading;
using OcspLab.Keep.Settings;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Keep.Outputs;

/// <summary>
/// Brings the staples of one certificate to its server: file, HAProxy's socket, and a reload after them. Each is tried
/// on its own, and again with the next call where it failed. Not thread-safe but for <see cref="IsUnwritten"/>.
/// </summary>
/// <param name="name">The certificate's name in the settings.</param>
/// <param name="its">Where to.</param>
/// <param name="reloader">Makes the server read its files again, or null.</param>
/// <param name="haproxy">Its socket, or null.</param>
/// <param name="clock">Tells when to look again at what is as it was.</param>
/// <param name="logger">Is told what was brought.</param>
internal sealed class StapleDelivery(
    string name,
    KeptCertificateOptions its,
    Reloader? reloader,
    HaproxySocket? haproxy,
    TimeProvider clock,
    ILogger logger
)
{
    private readonly StapleFile? _file = its.StapleFile is { } path ? new(path, its.NginxInclude) : null;
    private VerifiedStaple? _written;
    private long? _wroteAt;
    private VerifiedStaple? _told;
    private VerifiedStaple? _refused;
    private bool _wantsReload;
    private volatile bool _isUnwritten;

    /// <summary>Whether the server has files to read.</summary>
    public bool HasFile => _file is not null;

    /// <summary>Whether files do not yet have what belongs to the certificate that is on disk.</summary>
    public bool IsUnwritten => _isUnwritten;

    /// <summary>What lies there, verified by nobody; or null.</summary>
    public byte[]? Read() => _file?.Read();

    /// <summary>
    /// A server may have an older file than there is: whoever wrote it may have ended before the reload.
    /// </summary>
    public void WantReload() => _wantsReload = HasFile;

    /// <summary>The next staple is written, whatever was.</summary>
    public void WriteAgain() => _wroteAt = null;

    /// <summary>Another certificate is in force, with or without a staple: the server has to read it.</summary>
    public void Renew()
    {
        _isUnwritten = _wantsReload = true;
        WriteAgain();
    }

    /// <summary>Whoever starts is to find no staple of a certificate that was renewed.</summary>
    /// <returns>What went wrong, or null.</returns>
    public string? Suspend() => Try(() => _file?.Suspend(mayBeMissing: haproxy is not null));

    /// <summary>Brings a staple, or the news that there is none.</summary>
    /// <returns>What went wrong, or null; the rest was done all the same.</returns>
    public async Task<string?> GiveAsync(VerifiedStaple? staple, CancellationToken cancellationToken)
    {
        var fault = Try(() => Write(staple));
        fault = await TellHaproxyAsync(staple, cancellationToken).ConfigureAwait(false) ?? fault;
        // After the files: it reads them.
        if (_wantsReload && fault is null)
        {
            reloader?.Request();
            _wantsReload = false;
        }

        return fault;
    }

    private void Write(VerifiedStaple? staple)
    {
        // What is as it was is looked at once a minute, in case that somebody has deleted it.
        if (_file is null || (staple == _written && _wroteAt is { } last && clock.GetElapsedTime(last) <= Recheck))
            return;
        _wroteAt = null;
        if (_file.Give(staple))
        {
            logger.Given(name, Describe(staple), its.StapleFile!);
            // HAProxy is told of a new one over its socket; that there is none it learns by a reload.
            _wantsReload |= haproxy is null || staple is null;
        }

        (_written, _wroteAt) = (staple, clock.GetTimestamp());
        _isUnwritten = false;
    }

    private async Task<string?> TellHaproxyAsync(VerifiedStaple? staple, CancellationToken cancellationToken)
    {
        if (haproxy is null || staple is null || staple == _told)
            return null;
        try
        {
            await haproxy.GiveAsync(staple, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException exception)
        {
            // It was started without a file for this certificate: with a reload it reads the one that is there now.
            _wantsReload |= staple != _refused;
            _refused = staple;
            return exception.Message;
        }
        catch (IOException exception)
        {
            return exception.Message;
        }

        _told = staple;
        logger.Given(name, Describe(staple), its.HaproxySocket!);
        return null;
    }

    private static string? Try(Action step)
    {
        try
        {
            step();
            return null;
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }

    private static string Describe(VerifiedStaple? staple) =>
        staple is null ? "nothing" : $"{staple.Status.Kind.ToString().ToLowerInvariant()} until {staple.ExpiresAt:u}";

    private static readonly TimeSpan Recheck = TimeSpan.FromMinutes(1);
}
