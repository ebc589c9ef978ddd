using OcspLab.Keep.Keeping;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Keep.Serving;

/// <summary>
/// Answers to questions about the kept certificates, from verified staples: nobody else is asked, and about anything
/// else nothing is said. A nonce is not echoed, as of any response that is kept (RFC 9654 §1). Thread-safe.
/// </summary>
internal sealed class StapleAnswers(Keeper keeper, TimeProvider clock)
{
    /// <summary>The answer to a request.</summary>
    public StapleAnswer Answer(ReadOnlyMemory<byte> request)
    {
        if (!OcspRequest.TryDecode(request, out var question, out var fault))
            return StapleAnswer.Error(
                fault.Kind == OcspRequestFaultKind.UnknownHash
                    ? OcspResponseStatus.Unauthorized
                    : OcspResponseStatus.MalformedRequest
            );
        if (question.CertIds is not [var id])
            return StapleAnswer.Error(OcspResponseStatus.Unauthorized);
        var staples = keeper.Staples;
        if (staples.Find(id) is { } staple)
            return staple.ExpiresAt > clock.GetUtcNow()
                ? new StapleAnswer(staple.Encoded, staple)
                : StapleAnswer.Error(OcspResponseStatus.TryLater);
        return StapleAnswer.Error(
            staples.IsWaiting(id) ? OcspResponseStatus.TryLater : OcspResponseStatus.Unauthorized
        );
    }
}

/// <summary>What is sent.</summary>
/// <param name="Body">The OCSPResponse in DER.</param>
/// <param name="Staple">What it is, or null where it is an error.</param>
internal sealed record StapleAnswer(ReadOnlyMemory<byte> Body, VerifiedStaple? Staple)
{
    public static StapleAnswer Error(OcspResponseStatus status) => new(OcspResponseBuilder.BuildError(status), null);
}
