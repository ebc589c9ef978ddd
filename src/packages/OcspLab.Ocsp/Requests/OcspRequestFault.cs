namespace OcspLab.Ocsp.Requests;

/// <summary>Why a request gets no answer about a certificate.</summary>
/// <param name="Kind">What a responder makes of it.</param>
/// <param name="Detail">What is wrong, for people.</param>
public sealed record OcspRequestFault(OcspRequestFaultKind Kind, string Detail)
{
    /// <summary><see cref="Detail"/>.</summary>
    public override string ToString() => Detail;
}

/// <summary>What a responder makes of a request that cannot be answered.</summary>
public enum OcspRequestFaultKind
{
    /// <summary>It is no request: <c>malformedRequest</c> (RFC 6960 §2.3).</summary>
    Malformed,

    /// <summary>
    /// It names an issuer by a hash that is not known here, so it may be anybody's: <c>unauthorized</c>.
    /// </summary>
    UnknownHash,
}
