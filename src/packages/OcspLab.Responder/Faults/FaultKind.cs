namespace OcspLab.Responder.Faults;

/// <summary>Ways to misbehave, each of them seen in the field.</summary>
public enum FaultKind
{
    /// <summary>The right answer, late.</summary>
    Delay,

    /// <summary>No answer; the connection stays open.</summary>
    Hang,

    /// <summary>The connection is closed instead of an answer.</summary>
    Close,

    /// <summary>HTTP 500 and a text.</summary>
    Http500,

    /// <summary>HTTP 200 and a page in HTML, as from a captive portal.</summary>
    Html,

    /// <summary>The error tryLater.</summary>
    TryLater,

    /// <summary>The error internalError.</summary>
    InternalError,

    /// <summary>The error unauthorized.</summary>
    Unauthorized,

    /// <summary>The error malformedRequest.</summary>
    MalformedRequest,

    /// <summary>Bytes that are no OCSPResponse.</summary>
    Malformed,

    /// <summary>The right answer without its second half, Content-Length to match.</summary>
    Truncated,

    /// <summary>The right answer and 20 MiB more.</summary>
    Oversized,

    /// <summary>An answer about another serial number.</summary>
    WrongSerial,

    /// <summary>An answer by a stranger, whose certificate is enclosed.</summary>
    WrongSigner,

    /// <summary>An answer by a certificate of the same authority without the extended key usage OCSPSigning.</summary>
    SignerWithoutOcspSigning,

    /// <summary>An answer by a delegate that has expired.</summary>
    ExpiredSigner,

    /// <summary>The right answer with a bit of the signature flipped.</summary>
    BadSignature,

    /// <summary>nextUpdate an hour ago.</summary>
    Expired,

    /// <summary>thisUpdate tomorrow.</summary>
    Future,

    /// <summary>An answer without nextUpdate.</summary>
    NoNextUpdate,

    /// <summary>The status unknown.</summary>
    Unknown,

    /// <summary>An answer that lasts for seconds.</summary>
    ShortValidity,
}
