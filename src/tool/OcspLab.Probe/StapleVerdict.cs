using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Probe;

/// <summary>A staple and what it is worth.</summary>
public sealed record StapleVerdict
{
    /// <summary>
    /// A reason of the probe's own: the server did not send its issuer's certificate, and nobody else had it.
    /// </summary>
    public const string IssuerMissing = "issuer_missing";

    /// <summary>A reason of the probe's own: the chain does not lead to an authority that the caller trusts.</summary>
    public const string UntrustedChain = "untrusted_chain";

    /// <summary>What it comes to.</summary>
    public required StapleVerdictKind Verdict { get; init; }

    /// <summary>
    /// Why it was rejected: a <see cref="RejectionReason"/> in snake_case, <see cref="IssuerMissing"/> or
    /// <see cref="UntrustedChain"/>; or null.
    /// </summary>
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

    /// <summary>The JSON document.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal static readonly JsonSerializerOptions JsonLine = new(Json) { WriteIndented = false };

    internal static StapleVerdict Absent { get; } = new() { Verdict = StapleVerdictKind.Absent };

    /// <summary>A response that is not believed.</summary>
    public static StapleVerdict Rejected(Rejection rejection) =>
        Rejected(rejection.Reason.ToSnakeCase(), rejection.Detail) with
        {
            Section = rejection.Section,
        };

    internal static StapleVerdict Rejected(string reason, string detail) =>
        new()
        {
            Verdict = StapleVerdictKind.Rejected,
            Reason = reason,
            Detail = detail,
        };

    /// <summary>A response that is.</summary>
    public static StapleVerdict Verified(VerifiedStaple staple) =>
        new()
        {
            Verdict = staple.Status.Kind switch
            {
                CertStatusKind.Good => StapleVerdictKind.Good,
                CertStatusKind.Revoked => StapleVerdictKind.Revoked,
                _ => StapleVerdictKind.Unknown,
            },
            ThisUpdate = staple.ThisUpdate,
            NextUpdate = staple.NextUpdate,
            ProducedAt = staple.ProducedAt,
            RevokedAt = staple.Status.RevokedAt,
            RevocationReason = staple.Status.Reason?.ToString(),
            Signer = staple.Signer,
            ResponderId = staple.ResponderId.ToString(),
            SerialNumber = staple.CertId.ToString(),
        };

    /// <summary>In a word, as JSON and the terminal have it: <c>good</c>, <c>revoked</c> …</summary>
    [JsonIgnore]
    public string Word => JsonNamingPolicy.CamelCase.ConvertName(Verdict.ToString());

    /// <summary>In a few words: the word, and why where it was rejected.</summary>
    [JsonIgnore]
    public string Description => Verdict == StapleVerdictKind.Rejected ? $"{Reason}: {Detail}" : Word;
}
