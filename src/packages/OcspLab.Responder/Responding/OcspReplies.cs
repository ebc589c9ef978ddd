using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;

namespace OcspLab.Responder.Responding;

/// <summary>Replies that nobody signs (RFC 6960 §2.3): five bytes each.</summary>
internal static class OcspReplies
{
    public static OcspReply Error(OcspResponseStatus status, IReadOnlyList<string>? serialNumbers = null) =>
        new(OcspResponseBuilder.BuildError(status), RequestCount.Name(status), null, serialNumbers ?? []);
}
