using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using OcspLab.Ocsp.Asn1;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Ocsp.Responses;

/// <summary>
/// A decoded OCSP response (RFC 6960 §4.2). Facts only: <see cref="OcspVerifier"/> turns them into proof.
/// </summary>
public sealed class OcspResponse
{
    private OcspResponse(ReadOnlyMemory<byte> encoded, OcspResponseStatus status, BasicOcspResponse? basic)
    {
        Encoded = encoded;
        Status = status;
        Basic = basic;
    }

    /// <summary>The most bytes that are looked at: 16 MiB. A response has a few thousand.</summary>
    public const int MaximumLength = 16 * 1024 * 1024;

    /// <summary>The whole response as received.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>The outcome of the request.</summary>
    public OcspResponseStatus Status { get; }

    /// <summary>
    /// The signed answer; null exactly when <see cref="Status"/> is not <see cref="OcspResponseStatus.Successful"/>.
    /// </summary>
    public BasicOcspResponse? Basic { get; }

    /// <summary>Decodes strict DER without trailing bytes. Never throws on hostile input.</summary>
    /// <param name="encoded">The bytes; they must not change while the result is in use.</param>
    /// <param name="response">The facts, when true is returned.</param>
    /// <param name="rejection">Why the bytes are not a response, when false is returned.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [NotNullWhen(true)] out OcspResponse? response,
        [NotNullWhen(false)] out Rejection? rejection
    )
    {
        response = null;
        rejection = null;
        if (encoded.Length > MaximumLength)
        {
            rejection = new Rejection(RejectionReason.TooLarge, $"{encoded.Length} bytes");
            return false;
        }

        try
        {
            response = Decode(encoded, out rejection);
        }
        catch (AsnContentException exception)
        {
            rejection = new Rejection(RejectionReason.Malformed, exception.Message);
        }

        return response is not null;
    }

    // OCSPResponse  ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT ResponseBytes OPTIONAL }
    // ResponseBytes ::= SEQUENCE { responseType OBJECT IDENTIFIER, response OCTET STRING }
    private static OcspResponse? Decode(ReadOnlyMemory<byte> encoded, out Rejection? rejection)
    {
        rejection = null;
        var reader = new AsnReader(encoded, AsnEncodingRules.DER);
        var sequence = reader.ReadSequence();
        reader.ThrowIfNotEmpty();

        var status = DerEnumerated.Read(sequence);
        if (!Enum.IsDefined((OcspResponseStatus)status))
        {
            rejection = new Rejection(RejectionReason.UndefinedResponseStatus, $"status {status}");
            return null;
        }

        if (status != (int)OcspResponseStatus.Successful)
        {
            // §4.2.1: "If the value of responseStatus is one of the error conditions, the responseBytes field is not
            // set."
            sequence.ThrowIfNotEmpty();
            return new OcspResponse(encoded, (OcspResponseStatus)status, null);
        }

        var explicitTag = sequence.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        sequence.ThrowIfNotEmpty();
        var responseBytes = explicitTag.ReadSequence();
        explicitTag.ThrowIfNotEmpty();
        var type = responseBytes.ReadObjectIdentifier();
        var content = responseBytes.ReadOctetString();
        responseBytes.ThrowIfNotEmpty();
        if (type != OcspOids.Basic)
        {
            rejection = new Rejection(RejectionReason.UnsupportedResponseType, type);
            return null;
        }

        return new OcspResponse(encoded, OcspResponseStatus.Successful, BasicOcspResponse.Decode(content));
    }
}
