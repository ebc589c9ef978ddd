using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Ocsp.Fetching;

/// <summary>One URL tried, and what came of it.</summary>
/// <param name="Url">The responder asked.</param>
/// <param name="Failure">Why there was no response to verify, or null.</param>
/// <param name="HttpStatus">The HTTP status, or null when none was received.</param>
/// <param name="OcspStatus">The status of the OCSP response, or null when there was none to read.</param>
/// <param name="Rejection">Why the response was not believed, or null.</param>
/// <param name="Detail">The outcome for people.</param>
/// <param name="Duration">From asking to outcome, retries included.</param>
public sealed record FetchAttempt(
    Uri Url,
    FetchFailure? Failure,
    int? HttpStatus,
    OcspResponseStatus? OcspStatus,
    Rejection? Rejection,
    string Detail,
    TimeSpan Duration
);

/// <summary>Why no bytes reached the verifier.</summary>
public enum FetchFailure
{
    /// <summary>The responder's name has no address.</summary>
    NameNotResolved,

    /// <summary>No connection, or it broke.</summary>
    ConnectionFailed,

    /// <summary>A deadline passed.</summary>
    TimedOut,

    /// <summary>An HTTP status other than 200.</summary>
    HttpStatus,

    /// <summary>
    /// A redirect that was not followed: to another host or port, away from https, of a POST, to nowhere, or one too
    /// many.
    /// </summary>
    RedirectRefused,

    /// <summary>More bytes than allowed.</summary>
    TooLarge,

    /// <summary>The responder failed so often of late that it is left alone for a while.</summary>
    CircuitOpen,
}
