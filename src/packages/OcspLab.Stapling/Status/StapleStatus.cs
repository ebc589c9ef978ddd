using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Status;

/// <summary>What is held for one certificate, and how the last refresh went.</summary>
public sealed record StapleStatus
{
    /// <summary>
    /// The certificate for people: its first DNS name or else its subject, and its serial number.
    /// </summary>
    public required string Certificate { get; init; }

    /// <summary>The certificate's subject.</summary>
    public required string Subject { get; init; }

    /// <summary>The DNS names that the certificate is for, in lower case.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>SHA-256 of the certificate in hexadecimal.</summary>
    public required string Thumbprint { get; init; }

    /// <summary>The certificate's serial number in hexadecimal.</summary>
    public required string SerialNumber { get; init; }

    /// <summary>When the certificate itself ends.</summary>
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>Whether clients are told to insist on a staple (RFC 7633).</summary>
    public required bool IsMustStaple { get; init; }

    /// <summary>Where its staples come from.</summary>
    public required StapleSourceKind Source { get; init; }

    /// <summary>The responders in the order of the certificate or the settings, or the file.</summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>The staple that handshakes get until it expires, or null.</summary>
    public VerifiedStaple? Staple { get; init; }

    /// <summary>Whether the newest answer that was believed says revoked, stapled or not.</summary>
    public bool IsRevoked { get; init; }

    /// <summary>When the source was last asked, or null.</summary>
    public DateTimeOffset? LastRefresh { get; init; }

    /// <summary>What came of it.</summary>
    public required RefreshOutcome LastOutcome { get; init; }

    /// <summary>More of it for people: who was asked and what went wrong; or null.</summary>
    public string? LastDetail { get; init; }

    /// <summary>How many refreshes have failed since the last one that did not.</summary>
    public int Failures { get; init; }

    /// <summary>
    /// False once the server has replaced the certificate: it is kept for the record, and not asked about.
    /// </summary>
    public bool IsInUse { get; init; } = true;

    /// <summary>Why handshakes go without the staple, although it is held; null where nothing is in the way.</summary>
    public string? Obstacle { get; init; }

    /// <summary>When it will be asked next, or null when there is nothing to ask.</summary>
    public DateTimeOffset? NextRefresh { get; init; }
}

/// <summary>Where staples come from.</summary>
public enum StapleSourceKind
{
    /// <summary>From a responder.</summary>
    Responder,

    /// <summary>From a file that the settings name.</summary>
    File,

    /// <summary>From nowhere: the certificate names no responder, and nothing is wrong.</summary>
    None,

    /// <summary>From nowhere: stapling is turned off for the certificate.</summary>
    Off,

    /// <summary>From nowhere: the issuer's certificate is missing, or the certificate cannot be read.</summary>
    Unusable,
}
