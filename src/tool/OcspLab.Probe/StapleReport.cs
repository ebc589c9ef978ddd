using System.Text.Json;

namespace OcspLab.Probe;

/// <summary>What <c>ocsplab inspect --json</c> prints: a contract with scripts.</summary>
/// <param name="Handshake">How the handshake went.</param>
/// <param name="Staple">The server certificate's staple, judged.</param>
/// <param name="MustStaple">Whether the certificate asks clients to insist on one (RFC 7633).</param>
/// <param name="Chain">The certificates that the server sent, and what is known of each.</param>
public sealed record StapleReport(
    HandshakeReport Handshake,
    StapleVerdict Staple,
    bool MustStaple,
    IReadOnlyList<CertificateReport> Chain
)
{
    /// <summary>Whether the certificate is for the name that was asked for; true where none was.</summary>
    public bool IsForName { get; init; } = true;

    /// <summary>Whether the chain was held against authorities that the caller trusts.</summary>
    public bool IsTrustChecked { get; init; }

    /// <summary>What to do about it, the most urgent first.</summary>
    public IReadOnlyList<string> Advice { get; init; } = [];

    /// <summary>The JSON document.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StapleVerdict.Json);

    /// <summary>The same on one line.</summary>
    public string ToJsonLine() => JsonSerializer.Serialize(this, StapleVerdict.JsonLine);
}

/// <summary>How a handshake went.</summary>
/// <param name="Protocol"><c>TLSv1.2</c> or <c>TLSv1.3</c>.</param>
/// <param name="Cipher">The cipher suite.</param>
/// <param name="Milliseconds">How long it took.</param>
public sealed record HandshakeReport(string Protocol, string Cipher, double Milliseconds);
