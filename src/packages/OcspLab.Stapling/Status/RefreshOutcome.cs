using System.Text.Json;

namespace OcspLab.Stapling.Status;

/// <summary>
/// What came of the last look at a certificate's source. The snake_case of a member is the metric's tag and the JSON
/// value.
/// </summary>
public enum RefreshOutcome
{
    /// <summary>Nobody has looked yet.</summary>
    Pending,

    /// <summary>A verified <em>good</em>.</summary>
    Good,

    /// <summary>A verified <em>revoked</em>.</summary>
    Revoked,

    /// <summary>A verified <em>unknown</em>: it is not stapled, and what was held stays.</summary>
    Unknown,

    /// <summary>A response whose end had passed by the time that it was there.</summary>
    Expired,

    /// <summary>A response older than the one held: a cache, or a replica that lags.</summary>
    Older,

    /// <summary>No response that verifies.</summary>
    Failed,

    /// <summary>A fault that nobody foresaw.</summary>
    Faulted,

    /// <summary>A verified response from the store, at start.</summary>
    Loaded,

    /// <summary>A verified response that another instance had fetched.</summary>
    Shared,

    /// <summary>Nothing is asked: stapling is turned off for the certificate.</summary>
    TurnedOff,

    /// <summary>Nothing is asked: the certificate names no responder, and nothing is wrong.</summary>
    NoResponder,

    /// <summary>Nothing can be asked: the issuer's certificate is missing, or the certificate cannot be read.</summary>
    Unusable,

    /// <summary>Nothing is asked any more: the certificate itself has expired.</summary>
    CertificateExpired,

    /// <summary>Nothing is asked any more: the server has replaced the certificate.</summary>
    Replaced,
}

/// <summary>The spelling of outcomes outside the code.</summary>
public static class RefreshOutcomes
{
    /// <summary>The member's name in snake_case, for example <c>turned_off</c>.</summary>
    public static string ToTag(this RefreshOutcome outcome) =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());
}
