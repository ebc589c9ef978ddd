using OcspLab.Ocsp.Responses;

namespace OcspLab.Ocsp.Requests;

/// <summary>Why a request gets no answer about a certificate.</summary>
/// <param name="Status">What a responder says to it (RFC 6960 §2.3).</param>
/// <param name="Detail">What is wrong, for people.</param>
public sealed record OcspRequestFault(OcspResponseStatus Status, string Detail)
{
    /// <summary><see cref="Detail"/>.</summary>
    public override string ToString() => Detail;
}
