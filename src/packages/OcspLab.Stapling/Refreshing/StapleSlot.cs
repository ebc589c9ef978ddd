using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Refreshing;

/// <summary>One certificate of the server and the staple that it has now. Reading is lock-free; only its keeper writes.</summary>
internal sealed class StapleSlot
{
    private readonly List<WeakReference<IStapleWatcher>> _watchers = [];
    private int _pruneAt = 16;
    private volatile VerifiedStaple? _current;
    private volatile StapleStatus _status;

    public StapleSlot(X509Certificate2 certificate, OcspSubject? subject, IReadOnlyList<string> names, IReadOnlyList<Uri> ownUrls, StapleSource source, string outcome)
    {
        Names = names;
        NotBefore = certificate.NotBefore.ToUniversalTime();
        KeyAlgorithm = certificate.GetKeyAlgorithm();
        OwnUrls = ownUrls;
        Subject = subject;
        IsMustStaple = certificate.IsMustStaple();
        _status = new StapleStatus
        {
            Certificate = certificate.Subject,
            Thumbprint = KeyOf(certificate),
            SerialNumber = certificate.SerialNumber.ToLowerInvariant(),
            NotAfter = certificate.NotAfter.ToUniversalTime(),
            IsMustStaple = IsMustStaple,
            Source = source.Kind,
            Urls = source.Urls,
            LastOutcome = outcome,
        };
    }

    /// <summary>What the settings may call it.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Start of the certificate's validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>The OID of its key's algorithm: a server may have an RSA and an ECDSA certificate for the same names.</summary>
    public string KeyAlgorithm { get; }

    /// <summary>The responders that the certificate names. The certificate itself is not kept: its owner may dispose of it.</summary>
    public IReadOnlyList<Uri> OwnUrls { get; }

    /// <summary>The certificate and its issuer; null when the issuer is not at hand.</summary>
    public OcspSubject? Subject { get; }

    public bool IsMustStaple { get; }

    public string Name => _status.Certificate;

    /// <summary>SHA-256 of the certificate in hexadecimal.</summary>
    public string Key => _status.Thumbprint;

    /// <summary>Whether there should be a staple.</summary>
    public bool IsWanted => Subject is not null && _status.Source is StapleSourceKind.Responder or StapleSourceKind.File;

    /// <summary>The staple to send, or null. Not checked for expiry here: the handshake does that with its own clock reading.</summary>
    public VerifiedStaple? Current => _current;

    public StapleStatus Status => _status;

    /// <summary>
    /// Whether those who made something of its staples are all gone: the server has replaced the certificate. That of a certificate
    /// which no handshake has met yet is not abandoned.
    /// </summary>
    public bool IsAbandoned
    {
        get
        {
            lock (_watchers)
                return _watchers.Count > 0 && _watchers.TrueForAll(reference => !reference.TryGetTarget(out _));
        }
    }

    /// <summary>Is called when a watcher comes after the certificate was abandoned.</summary>
    public Action? Revived { get; set; }

    /// <summary>Tells a watcher, for as long as it lives, that <see cref="Current"/> has changed; on the keeper's thread. Weak: the slot lives longer.</summary>
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
            Revived?.Invoke();
    }

    /// <summary>The newest answer that was believed, stapled or not: what any later one must not be older than.</summary>
    public VerifiedStaple? Newest { get; set; }

    /// <summary>SHA-256 of a certificate in hexadecimal.</summary>
    public static string KeyOf(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));

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
                watcher.StapleChanged();
        }
    }

    public void Report(DateTimeOffset at, string outcome, DateTimeOffset? nextRefresh, int failures = 0) => _status = _status with
    {
        LastRefresh = at,
        LastOutcome = outcome,
        NextRefresh = nextRefresh,
        Failures = failures,
        IsRevoked = Newest?.Status.Kind == CertStatusKind.Revoked,
        IsInUse = true,
    };

    /// <summary>Says why handshakes go without the staple that is held, or that they do not.</summary>
    public void Obstruct(string? obstacle) => _status = _status with { Obstacle = obstacle };

    /// <summary>Nobody uses the certificate any more.</summary>
    public void Retire() => _status = _status with { IsInUse = false, LastOutcome = "not in use any more", NextRefresh = null };

    /// <summary>What a change of the settings has made of it.</summary>
    public void Follow(StapleSource source) => _status = _status with { Source = source.Kind, Urls = source.Urls };
}

/// <summary>Whoever makes something of a slot's staple.</summary>
internal interface IStapleWatcher
{
    void StapleChanged();
}
