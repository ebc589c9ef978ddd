using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp;

namespace OcspLab.Stapling;

/// <summary>One certificate of the server and the staple that it has now. Reading is lock-free; only the engine writes.</summary>
internal sealed class StapleSlot
{
    private volatile VerifiedStaple? _current;
    private volatile StapleStatus _status;

    public StapleSlot(X509Certificate2 certificate, OcspSubject? subject, IReadOnlyList<Uri> urls, string outcome)
    {
        Subject = subject;
        Urls = urls;
        Name = certificate.Subject;
        _status = new StapleStatus
        {
            Certificate = certificate.Subject,
            Thumbprint = KeyOf(certificate),
            SerialNumber = certificate.SerialNumber.ToLowerInvariant(),
            IsMustStaple = certificate.IsMustStaple(),
            Urls = urls,
            LastOutcome = outcome,
        };
    }

    /// <summary>The certificate and its issuer; null when it cannot be stapled.</summary>
    public OcspSubject? Subject { get; }

    public IReadOnlyList<Uri> Urls { get; set; }

    public string Name { get; }

    /// <summary>The staple to send, or null. Not checked for expiry here: the handshake does that with its own clock reading.</summary>
    public VerifiedStaple? Current => _current;

    public StapleStatus Status => _status;

    /// <summary>Raised after <see cref="Current"/> has changed, on the engine's thread.</summary>
    public event Action<StapleSlot>? Changed;

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
        Changed?.Invoke(this);
    }

    public void Report(DateTimeOffset at, string outcome, DateTimeOffset nextRefresh) =>
        _status = _status with { LastRefresh = at, LastOutcome = outcome, NextRefresh = nextRefresh };
}
