namespace OcspLab.Ocsp.Responses;

/// <summary>OCSPResponseStatus (RFC 6960 §4.2.1). 4 is not used.</summary>
public enum OcspResponseStatus
{
    /// <summary>The response has valid confirmations.</summary>
    Successful = 0,

    /// <summary>Illegal confirmation request.</summary>
    MalformedRequest = 1,

    /// <summary>Internal error in the issuer.</summary>
    InternalError = 2,

    /// <summary>Try again later.</summary>
    TryLater = 3,

    /// <summary>The request must be signed.</summary>
    SigRequired = 5,

    /// <summary>The client is not authorized, or the responder has no authoritative record (RFC 9919 §3.2.3).</summary>
    Unauthorized = 6,
}
