using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Certificates;

/// <summary>
/// One certificate of the server and the staple that it has now. Reading is lock-free; only its refreshing writes.
/// </summary>
internal sealed class StapleSlot
{
    private readonly List<WeakReference<IStapleWatcher>> _watchers = [];
    private int _pruneAt = 16;
    private volatile VerifiedStaple? _current;
    private volatile StapleStatus _status;
    private volatile StapleSource _source;

    /// <param name="certificate">The certificate; it is not kept, its owner may dispose of it.</param>
    /// <param name="facts">What was found out about it.</param>
    public StapleSlot(X509Certificate2 certificate, CertificateFacts facts)
    {
        Names = facts.Names;
        NotBefore = certificate.NotBefore.ToUniversalTime();
        KeyAlgorithm = certificate.GetKeyAlgorithm();
        OwnUrls = facts.Urls;
        Subject = facts.Subject;
        IsMustStaple = certificate.IsMustStaple();
        _source = facts.Source;
        _status = new StapleStatus
        {
            Certificate = facts.Title,
            Subject = certificate.Subject,
            Thumbprint = KeyOf(certificate),
            SerialNumber = certificate.SerialNumber.ToLowerInvariant(),
            NotAfter = certificate.NotAfter.ToUniversalTime(),
            IsMustStaple = IsMustStaple,
            Source = facts.Source.Kind,
            Urls = facts.Source.Urls,
            LastOutcome = facts.Outcome,
            LastDetail = facts.Detail,
        };
    }

    /// <summary>What the settings may call it.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Start of the certificate's validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>
    /// The OID of its key's algorithm: a server may have an RSA and an ECDSA certificate for the same names.
    /// </summary>
    public string KeyAlgorithm { get; }

    /// <summary>The responders that the certificate names.</summary>
    public IReadOnlyList<Uri> OwnUrls { get; }

    /// <summary>The certificate and its issuer; null when the issuer is not at hand.</summary>
    public OcspSubject? Subject { get; }

    public bool IsMustStaple { get; }

    public string Name => _status.Certificate;

    /// <summary>SHA-256 of the certificate in hexadecimal.</summary>
    public string Key => _status.Thumbprint;

    /// <summary>Where its staples come from now.</summary>
    public StapleSource Source => _source;

    /// <summary>Whether there should be a staple.</summary>
    public bool IsWanted => Subject is not null && _source.IsActive;

    /// <summary>
    /// The staple to send, or null. Not checked for expiry here: the handshake does that with its own clock reading.
    /// </summary>
    public VerifiedStaple? Current => _current;

    public StapleStatus Status => _status;

    /// <summary>
    /// The newest response that was believed, stapled or not: what any later one must not be older than.
    /// </summary>
    public VerifiedStaple? Newest { get; set; }

    /// <summary>What a watcher threw when it was last told of a change, or null.</summary>
    public Exception? WatcherFault { get; set; }

    /// <summary>Wakes its refreshing.</summary>
    public RefreshSignal Refresh { get; } = new();

    /// <summary>
    /// Whether those who made something of its staples are all gone: the server has replaced the certificate. That of a
    /// certificate which no handshake has met yet is not abandoned.
    /// </summary>
    public bool IsAbandoned
    {
        get
        {
            lock (_watchers)
                return _watchers.Count > 0 && _watchers.TrueForAll(reference => !reference.TryGetTarget(out _));
        }
    }

    /// <summary>
    /// Tells a watcher, for as long as it lives, that <see cref="Current"/> has changed. Weak: the slot lives longer.
    /// </summary>
    public void Watch(IStapleWatcher watcher)
    {
        var revived = IsAbandoned;
        lock (_watchers)
        {
            if (_watchers.Count >= _pruneAt)
            {
                _watchers.RemoveAll(reference => !reference.TryGetTarget(out _));
                _pruneAt = Math.Max(16, 2 * _watchers.Count);
            }

            _watchers.Add(new WeakReference<IStapleWatcher>(watcher));
        }

        // Only one that was given up: an application that makes its contexts anew abandons them all the time.
        if (revived && !_status.IsInUse)
            _ = Refresh.RequestAsync();
    }

    /// <summary>SHA-256 of a certificate in hexadecimal.</summary>
    public static string KeyOf(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));

    /// <summary>Puts a staple, or nothing, in force, and tells all watchers, whatever one of them throws.</summary>
    public void Publish(VerifiedStaple? staple)
    {
        if (ReferenceEquals(_current, staple))
            return;
        _current = staple;
        _status = _status with { Staple = staple };
        WeakReference<IStapleWatcher>[] watchers;
        lock (_watchers)
            watchers = [.. _watchers];
        foreach (var reference in watchers)
        {
            if (reference.TryGetTarget(out var watcher))
                Tell(watcher);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "One watcher's fault is not to be the others'.")]
    private void Tell(IStapleWatcher watcher)
    {
        try
        {
            watcher.StapleChanged();
        }
        catch (Exception exception)
        {
            WatcherFault = exception;
        }
    }

    /// <summary>Puts down what came of a look at the source.</summary>
    public void Report(RefreshReport report) =>
        _status = _status with
        {
            LastRefresh = report.At,
            LastOutcome = report.Outcome,
            LastDetail = report.Detail,
            NextRefresh = report.Next,
            Failures = report.Failures,
            IsRevoked = Newest?.Status.Kind == CertStatusKind.Revoked,
            IsInUse = true,
        };

    /// <summary>Nobody uses the certificate any more.</summary>
    public void Retire() =>
        _status = _status with
        {
            IsInUse = false,
            LastOutcome = RefreshOutcome.Replaced,
            LastDetail = null,
            NextRefresh = null,
        };

    /// <summary>Takes up what a change of the settings has made of it.</summary>
    public void Follow(StapleSource source)
    {
        _source = source;
        _status = _status with { Source = source.Kind, Urls = source.Urls, Failures = 0 };
    }
}

/// <summary>What came of a look at a certificate's source.</summary>
/// <param name="At">When.</param>
/// <param name="Outcome">What.</param>
/// <param name="Next">When the next look is due, or null for none.</param>
/// <param name="Detail">More of it for people, or null.</param>
/// <param name="Failures">How many looks in a row have failed.</param>
internal sealed record RefreshReport(
    DateTimeOffset At,
    RefreshOutcome Outcome,
    DateTimeOffset? Next,
    string? Detail = null,
    int Failures = 0
);

/// <summary>Whoever makes something of a slot's staple.</summary>
internal interface IStapleWatcher
{
    void StapleChanged();
}
