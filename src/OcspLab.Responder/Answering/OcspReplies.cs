using OcspLab.Ocsp;

namespace OcspLab.Responder;

/// <summary>Replies that nobody signs (RFC 6960 §2.3): five bytes each.</summary>
internal static class OcspReplies
{
    public static OcspReply Error(OcspResponseStatus status, IReadOnlyList<string>? serialNumbers = null) =>
        new(OcspResponseBuilder.BuildError(status), RequestCount.Name(status), null, serialNumbers ?? []);
}
