using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.Ocsp;

namespace OcspLab.Lab;

/// <summary>What <c>ocsplab inspect --json</c> prints: a contract with scripts.</summary>
/// <param name="Handshake">How the handshake went.</param>
/// <param name="Staple">The server certificate's staple, judged.</param>
/// <param name="MustStaple">Whether the certificate asks clients to insist on one (RFC 7633).</param>
/// <param name="Chain">The certificates that the server sent, and what is known of each.</param>
public sealed record StapleReport(HandshakeReport Handshake, StapleVerdict Staple, bool MustStaple, IReadOnlyList<CertificateReport> Chain)
{
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

/// <summary>A certificate of the chain.</summary>
/// <param name="Subject">Its distinguished name.</param>
/// <param name="SerialNumber">Its serial in hexadecimal.</param>
/// <param name="NotAfter">End of its validity.</param>
/// <param name="StapleBytes">The size of the staple that came with it, or null.</param>
public sealed record CertificateReport(string Subject, string SerialNumber, DateTimeOffset NotAfter, int? StapleBytes)
{
    /// <summary>Its issuer's distinguished name.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>The DNS names and addresses that it is for.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Kind and size of its key, such as <c>RSA-2048</c>.</summary>
    public string Key { get; init; } = "";

    /// <summary>How it was signed, such as <c>sha256RSA</c>.</summary>
    public string Signature { get; init; } = "";

    /// <summary>Start of its validity.</summary>
    public DateTimeOffset NotBefore { get; init; }

    /// <summary>The responders that it names (RFC 5280 §4.2.2.1).</summary>
    public IReadOnlyList<string> Responders { get; init; } = [];

    /// <summary>Reads all that out of a certificate; what cannot be read is left out.</summary>
    internal static CertificateReport Of(X509Certificate2 certificate, ReadOnlyMemory<byte>? staple) => new(certificate.Subject, certificate.SerialNumber.ToLowerInvariant(), certificate.NotAfter.ToUniversalTime(), staple?.Length)
    {
        Issuer = certificate.Issuer,
        Names = ReadNames(certificate),
        Key = ReadKey(certificate),
        Signature = certificate.SignatureAlgorithm.FriendlyName ?? certificate.SignatureAlgorithm.Value ?? "",
        NotBefore = certificate.NotBefore.ToUniversalTime(),
        Responders = [.. certificate.GetOcspUrls().Select(url => url.OriginalString)],
    };

    // The certificate is a stranger's: what is in it may be nothing that can be read closely.
    private static string[] ReadNames(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names ? [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => address.ToString())] : [];
        }
        catch (CryptographicException)
        {
            return [];
        }
    }

    private static string ReadKey(X509Certificate2 certificate)
    {
        try
        {
            using var rsa = certificate.GetRSAPublicKey();
            using var ecdsa = certificate.GetECDsaPublicKey();
            return rsa is not null ? $"RSA-{rsa.KeySize}" : ecdsa is not null ? $"ECDSA {ecdsa.ExportParameters(false).Curve.Oid?.FriendlyName ?? $"{ecdsa.KeySize} bits"}" : certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value ?? "";
        }
        catch (CryptographicException)
        {
            return certificate.PublicKey.Oid.Value ?? "";
        }
    }
}

/// <summary>A staple and what it is worth.</summary>
public sealed record StapleVerdict
{
    /// <summary><c>good</c>, <c>revoked</c>, <c>unknown</c>, <c>rejected</c> or <c>absent</c>.</summary>
    public required string Verdict { get; init; }

    /// <summary>Why it was rejected, in snake_case, or null.</summary>
    public string? Reason { get; init; }

    /// <summary>The fact behind the reason, or null.</summary>
    public string? Detail { get; init; }

    /// <summary>Where the rule that failed stands, such as <c>RFC 6960 §3.2 (1)</c>, or null.</summary>
    public string? Section { get; init; }

    /// <summary>When the status was known to be correct.</summary>
    public DateTimeOffset? ThisUpdate { get; init; }

    /// <summary>When newer information will be there.</summary>
    public DateTimeOffset? NextUpdate { get; init; }

    /// <summary>When it was signed.</summary>
    public DateTimeOffset? ProducedAt { get; init; }

    /// <summary>When the certificate was revoked.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Why the certificate was revoked.</summary>
    public string? RevocationReason { get; init; }

    /// <summary>The distinguished name of the certificate that signed.</summary>
    public string? Signer { get; init; }

    /// <summary>The signer as the response names it.</summary>
    public string? ResponderId { get; init; }

    /// <summary>The serial that the status is of, in hexadecimal.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>What a command exits with.</summary>
    [JsonIgnore]
    public int ExitCode => Verdict switch
    {
        "good" => ExitCodes.Good,
        "revoked" => ExitCodes.Revoked,
        "unknown" => ExitCodes.Unknown,
        "rejected" => ExitCodes.Rejected,
        _ => ExitCodes.NoStaple,
    };

    /// <summary>The JSON document.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal static readonly JsonSerializerOptions JsonLine = new(Json) { WriteIndented = false };

    internal static StapleVerdict Absent { get; } = new() { Verdict = "absent" };

    /// <summary>A response that is not believed.</summary>
    public static StapleVerdict Rejected(Rejection rejection) => Rejected(rejection.Reason.ToSnakeCase(), rejection.Detail) with { Section = rejection.Section };

    internal static StapleVerdict Rejected(string reason, string detail) => new() { Verdict = "rejected", Reason = reason, Detail = detail };

    /// <summary>A response that is.</summary>
    public static StapleVerdict Verified(VerifiedStaple staple) => new()
    {
        Verdict = staple.Status.Kind.ToString().ToLowerInvariant(),
        ThisUpdate = staple.ThisUpdate,
        NextUpdate = staple.NextUpdate,
        ProducedAt = staple.ProducedAt,
        RevokedAt = staple.Status.RevokedAt,
        RevocationReason = staple.Status.Reason?.ToString(),
        Signer = staple.Signer,
        ResponderId = staple.ResponderId.ToString(),
        SerialNumber = staple.CertId.ToString(),
    };
}
