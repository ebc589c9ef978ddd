using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;

namespace OcspLab.Ocsp.Requests;

/// <summary>A request for the status of one or more certificates (RFC 6960 §4.1).</summary>
public sealed record OcspRequest
{
    /// <summary>
    /// The most bytes that are looked at: 64 KiB. A request about one certificate has about a hundred.
    /// </summary>
    public const int MaximumLength = 64 * 1024;

    /// <summary>The certificates asked about, in order; never empty.</summary>
    public required IReadOnlyList<CertId> CertIds { get; init; }

    /// <summary>The nonce to be echoed (RFC 9654), or null.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary>The response types that the client accepts (RFC 6960 §4.4.3), or null when it did not say.</summary>
    public IReadOnlyList<string>? AcceptableResponses { get; init; }

    /// <summary>
    /// The signature algorithms that the client would like, best first (RFC 6960 §4.4.7), or null when it did not say.
    /// </summary>
    public IReadOnlyList<PreferredSignatureAlgorithm>? PreferredSignatureAlgorithms { get; init; }

    /// <summary>
    /// The signature of a request that was decoded, or null when it has none. It is not encoded again.
    /// </summary>
    public OcspRequestSignature? Signature { get; internal init; }

    /// <summary>Encodes the request, unsigned, in DER.</summary>
    /// <exception cref="InvalidOperationException"><see cref="CertIds"/> is empty.</exception>
    public byte[] Encode()
    {
        if (CertIds.Count == 0)
            throw new InvalidOperationException("A request asks about at least one certificate.");
        return OcspRequestEncoding.Encode(this);
    }

    /// <summary>
    /// Decodes strict DER without trailing bytes, but for a version v1 that is spelled out. Never throws on hostile
    /// input.
    /// </summary>
    /// <param name="encoded">The request.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="fault">
    /// Why it cannot be answered.
    /// </param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [NotNullWhen(true)] out OcspRequest? request,
        [NotNullWhen(false)] out OcspRequestFault? fault
    )
    {
        request = null;
        fault = null;
        if (encoded.Length > MaximumLength)
        {
            fault = Malformed($"{encoded.Length} bytes; a request has at most {MaximumLength}");
            return false;
        }

        try
        {
            request = OcspRequestEncoding.Decode(encoded);
            return true;
        }
        catch (AsnContentException exception)
        {
            fault = Malformed(exception.Message);
        }
        catch (UnsupportedCertIdHashException exception)
        {
            fault = new OcspRequestFault(OcspRequestFaultKind.UnknownHash, exception.Message);
        }

        return false;
    }

    private static OcspRequestFault Malformed(string detail) => new(OcspRequestFaultKind.Malformed, detail);
}
