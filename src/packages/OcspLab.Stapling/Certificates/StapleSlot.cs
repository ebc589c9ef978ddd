using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Certificates;

/// <summary>
/// One certificate of the server and the staple that it has now. Reading is lock-free; what the status shows is changed
/// under one lock, so that nothing of it is lost.
/// </summary>
internal sealed class StapleSlot
{
    private readonly Lock _gate = new();
    private volatile VerifiedStaple? _current;
    private volatile VerifiedStaple? _newest;
    private volatile StapleStatus _status;
    private volatile StapleSource _source;
    private volatile OcspSubject? _subject;
    private volatile IHandshakeContext[] _contexts = [];
    private volatile bool _isReleased;
    private volatile bool _wasUsed;
    private volatile VerifiedStaple? _saved;
    private int _isSaving;
    private long _lastUsed;

    /// <param name="certificate">The certificate; it is not kept, its owner may dispose of it.</param>
    /// <param name="facts">What was found out about it.</param>
    /// <param name="timestamp">The time by the monotonic clock.</param>
    public StapleSlot(X509Certificate2 certificate, CertificateFacts facts, long timestamp)
    {
        Facts = facts;
        NotBefore = certificate.NotBefore.ToUniversalTime();
        KeyAlgorithm = certificate.GetKeyAlgorithm();
        _lastUsed = timestamp;
        MetAt = timestamp;
        _subject = facts.Subject;
        _source = facts.Source;
        _status = new StapleStatus
        {
            Certificate = facts.Title,
            Subject = certificate.Subject,
            HostNames = facts.HostNames,
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

    /// <summary>What was found out about the certificate when it was met.</summary>
    public CertificateFacts Facts { get; }

    /// <summary>The names that it is for, in lower case.</summary>
    public IReadOnlyList<string> HostNames => Facts.HostNames;

    /// <summary>Start of the certificate's validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>
    /// The OID of its key's algorithm: a server may have an RSA and an ECDSA certificate for the same names.
    /// </summary>
    public string KeyAlgorithm { get; }

    /// <summary>When it was met, by the monotonic clock.</summary>
    public long MetAt { get; }

    /// <summary>Whether it was said that another one serves in its place.</summary>
    public bool IsPredecessorReported { get; set; }

    /// <summary>Whether it was said that its handshakes fail.</summary>
    public bool IsFaultReported { get; set; }

    /// <summary>Its place among all that were met.</summary>
    public long Order { get; set; }

    /// <summary>The certificate and its issuer; null while the issuer is not at hand.</summary>
    public OcspSubject? Subject => _subject;

    /// <summary>Whether nothing can be asked about it, now or later: it cannot be read closely enough.</summary>
    public bool IsUnreadable => _subject is null && Facts.Issuerless is null;

    public bool IsMustStaple => Facts.IsMustStaple;

    public string Name => _status.Certificate;

    /// <summary>SHA-256 of the certificate in hexadecimal.</summary>
    public string Key => _status.Thumbprint;

    /// <summary>Where its staples come from now.</summary>
    public StapleSource Source => _source;

    /// <summary>Whether there should be a staple.</summary>
    public bool IsWanted => _source.IsActive;

    /// <summary>
    /// The staple to send, or null. Not checked for expiry here: the handshake does that with its own clock reading.
    /// </summary>
    public VerifiedStaple? Current => _current;

    /// <summary>
    /// The newest response that was believed, stapled or not: what any later one must not be older than.
    /// </summary>
    public VerifiedStaple? Newest => _newest;

    public StapleStatus Status => _status;

    /// <summary>The response that the store is known to have.</summary>
    public VerifiedStaple? Saved
    {
        get => _saved;
        set => _saved = value;
    }

    /// <summary>
    /// When the certificate was first seen to be over, by the monotonic clock; null while it is not.
    /// </summary>
    public long? ExpiredAt { get; set; }

    /// <summary>The last event that the application was told, or is being told.</summary>
    public Task LastEvent { get; set; } = Task.CompletedTask;

    /// <summary>
    /// Since when a look waits for the store that a fleet shares; null where none does. Belongs to the turn.
    /// </summary>
    public DateTimeOffset? PausedSince { get; set; }

    /// <summary>Whether a handshake has used the certificate.</summary>
    public bool WasUsed => _wasUsed;

    /// <summary>
    /// When a handshake last used the certificate, or when it was met, by the monotonic clock.
    /// </summary>
    public long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Whether the server has replaced it.</summary>
    public bool IsRetired => !_status.IsInUse;

    /// <summary>Whether it was forgotten: whoever still has it looks it up again.</summary>
    public bool IsReleased => _isReleased;

    /// <summary>What handshakes with it use.</summary>
    public IReadOnlyList<IHandshakeContext> Contexts => _contexts;

    /// <summary>SHA-256 of a certificate in hexadecimal.</summary>
    public static string KeyOf(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));

    /// <summary>A handshake uses it.</summary>
    /// <param name="timestamp">The time by the monotonic clock.</param>
    // The exchange is a fence: either this one sees in IsRetired that the certificate was given up, or who gives it up
    // sees this.
    public void Touch(long timestamp)
    {
        _wasUsed = true;
        Interlocked.Exchange(ref _lastUsed, timestamp);
    }

    /// <summary>Puts a response in force.</summary>
    /// <param name="newest">The response that is believed.</param>
    /// <param name="toStaple">What handshakes get of it, or null.</param>
    public void Believe(VerifiedStaple newest, VerifiedStaple? toStaple)
    {
        lock (_gate)
        {
            _newest = newest;
            PutInForce(toStaple);
            _status = _status with { IsRevoked = newest.Status.Kind == CertStatusKind.Revoked };
        }
    }

    /// <summary>Takes a staple out of force, unless another is there by now.</summary>
    public bool Drop(VerifiedStaple staple)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_current, staple))
                return false;
            PutInForce(null);
            return true;
        }
    }

    /// <summary>Puts the newest response in force again, unless there is another by now.</summary>
    public bool Restore(VerifiedStaple newest, VerifiedStaple? toStaple)
    {
        lock (_gate)
        {
            if (toStaple is null || _current is not null || !ReferenceEquals(_newest, newest))
                return false;
            PutInForce(toStaple);
            return true;
        }
    }

    /// <summary>
    /// Begins to write to the store; false while another writes, be it one that nobody waits for any more.
    /// </summary>
    public bool TryBeginSaving() => Interlocked.Exchange(ref _isSaving, 1) == 0;

    /// <summary>The writing is over.</summary>
    public void EndSaving() => Volatile.Write(ref _isSaving, 0);

    /// <summary>Puts down what came of a look at the source.</summary>
    public void Report(RefreshReport report)
    {
        PausedSince = null;
        Change(status =>
            status with
            {
                LastRefresh = report.At,
                LastOutcome = report.Outcome,
                LastDetail = report.Detail,
                NextRefresh = report.Next,
                Failures = report.Failures,
                IsInUse = true,
            }
        );
    }

    /// <summary>The look that was due is put off.</summary>
    public void Pause(DateTimeOffset next) => Change(status => status with { NextRefresh = next });

    /// <summary>Nobody uses the certificate any more.</summary>
    public void Retire() =>
        Change(status =>
            status with
            {
                IsInUse = false,
                LastOutcome = RefreshOutcome.Replaced,
                LastDetail = null,
                NextRefresh = null,
            }
        );

    /// <summary>Somebody uses it again.</summary>
    public void Revive() => Change(status => status with { IsInUse = true });

    /// <summary>It is forgotten.</summary>
    public void Release() => _isReleased = true;

    /// <summary>Takes up what a change of the settings has made of it.</summary>
    public void Follow(StapleSource source)
    {
        lock (_gate)
        {
            _source = source;
            _status = _status with { Source = source.Kind, Urls = source.Urls, Failures = 0 };
        }
    }

    /// <summary>The issuer is at hand now.</summary>
    public void Complete(OcspSubject subject, StapleSource source)
    {
        _subject = subject;
        Follow(source);
    }

    /// <summary>Handshakes have a context for it; of many the last few are remembered.</summary>
    public void Use(IHandshakeContext context)
    {
        lock (_gate)
            _contexts = [.. _contexts.TakeLast(MostContexts - 1), context];
    }

    private void PutInForce(VerifiedStaple? staple)
    {
        _current = staple;
        _status = _status with { Staple = staple };
    }

    private void Change(Func<StapleStatus, StapleStatus> change)
    {
        lock (_gate)
            _status = change(_status);
    }

    private const int MostContexts = 4;
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

/// <summary>What handshakes with a certificate use.</summary>
internal interface IHandshakeContext
{
    /// <summary>Lets go of what can be made again.</summary>
    void LetGo();
}
