using System.Security.Cryptography.X509Certificates;
using OcspLab.Lab.Timelines;
using OcspLab.Probe;

namespace OcspLab.LabConsole.Watching;

/// <summary>One handshake with a server.</summary>
/// <param name="Number">Counts from 1 for each server.</param>
/// <param name="At">When it began.</param>
/// <param name="Result">What was stapled, in a word.</param>
/// <param name="Reason">Why it was wrong, or there was no handshake; null otherwise.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Showing">What the server showed, or null without a handshake.</param>
public sealed record Sighting(
    long Number,
    DateTimeOffset At,
    HandshakeResult Result,
    string? Reason,
    TimeSpan Duration,
    Showing? Showing
)
{
    /// <summary>The end of the staple's validity, where it was verified.</summary>
    public DateTimeOffset? NextUpdate => Showing?.Report.Staple.NextUpdate;
}

/// <summary>What a server shows in a handshake; one object for all handshakes that were the same.</summary>
/// <param name="Report">Judged.</param>
/// <param name="Staple">The response as it came, in DER, or null.</param>
/// <param name="Chain">The certificates as they came, in DER.</param>
public sealed record Showing(
    StapleReport Report,
    ReadOnlyMemory<byte>? Staple,
    IReadOnlyList<ReadOnlyMemory<byte>> Chain
)
{
    /// <summary>Judges a handshake.</summary>
    public static Showing Of(TlsHandshake handshake, DateTimeOffset now) =>
        new(
            StapleInspector.Inspect(handshake, [], now),
            handshake.Staples[0],
            [.. handshake.Certificates.Select(certificate => (ReadOnlyMemory<byte>)certificate.RawData)]
        );

    /// <summary>What it is, in a word.</summary>
    public HandshakeResult Result =>
        Report.Staple switch
        {
            { Verdict: StapleVerdictKind.Good } => HandshakeResult.Good,
            { Verdict: StapleVerdictKind.Revoked } => HandshakeResult.Revoked,
            { Verdict: StapleVerdictKind.Absent } => HandshakeResult.Unstapled,
            { Verdict: StapleVerdictKind.Rejected, Reason: "expired" } => HandshakeResult.Expired,
            _ => HandshakeResult.Wrong,
        };

    /// <summary>Whether another handshake showed the same.</summary>
    public bool IsLike(Showing other) =>
        Report.Staple.Verdict == other.Report.Staple.Verdict
        && Report.Staple.Reason == other.Report.Staple.Reason
        && Same(Staple, other.Staple)
        && Chain.Count == other.Chain.Count
        && Chain.Zip(other.Chain).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span));

    /// <summary>The chain in PEM.</summary>
    public string ToPem() =>
        string.Concat(
            Chain.Select(certificate =>
            {
                using var parsed = X509CertificateLoader.LoadCertificate(certificate.Span);
                return parsed.ExportCertificatePem() + "\n";
            })
        );

    private static bool Same(ReadOnlyMemory<byte>? one, ReadOnlyMemory<byte>? other) =>
        one is { } a && other is { } b ? a.Span.SequenceEqual(b.Span) : one is null && other is null;
}
