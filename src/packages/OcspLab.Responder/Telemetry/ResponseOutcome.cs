using System.Text.Json;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Telemetry;

/// <summary>What a response says in one word: a certificate's status, or an error (RFC 6960 §4.2.1).</summary>
public enum ResponseOutcome
{
    /// <summary>The certificate is good.</summary>
    Good,

    /// <summary>The certificate is revoked.</summary>
    Revoked,

    /// <summary>The responder does not know the certificate.</summary>
    Unknown,

    /// <summary>The statuses of several certificates.</summary>
    Several,

    /// <summary>The request cannot be read.</summary>
    MalformedRequest,

    /// <summary>The responder failed.</summary>
    InternalError,

    /// <summary>The responder cannot say at the moment.</summary>
    TryLater,

    /// <summary>The request must be signed.</summary>
    SigRequired,

    /// <summary>The responder may not or cannot say.</summary>
    Unauthorized,
}

/// <summary>The names of outcomes.</summary>
public static class ResponseOutcomes
{
    private static readonly string[] Names =
    [
        .. Enum.GetNames<ResponseOutcome>().Select(JsonNamingPolicy.CamelCase.ConvertName),
    ];

    /// <summary>As the RFC spells it: <c>good</c>, <c>malformedRequest</c>, <c>tryLater</c>, …</summary>
    public static string ToName(this ResponseOutcome outcome) => Names[(int)outcome];

    internal static ResponseOutcome Of(CertStatusKind status) =>
        status switch
        {
            CertStatusKind.Good => ResponseOutcome.Good,
            CertStatusKind.Revoked => ResponseOutcome.Revoked,
            _ => ResponseOutcome.Unknown,
        };

    /// <exception cref="ArgumentOutOfRangeException">The response says more than its status.</exception>
    internal static ResponseOutcome Of(OcspResponseStatus error) =>
        error switch
        {
            OcspResponseStatus.MalformedRequest => ResponseOutcome.MalformedRequest,
            OcspResponseStatus.InternalError => ResponseOutcome.InternalError,
            OcspResponseStatus.TryLater => ResponseOutcome.TryLater,
            OcspResponseStatus.SigRequired => ResponseOutcome.SigRequired,
            OcspResponseStatus.Unauthorized => ResponseOutcome.Unauthorized,
            _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
        };
}
