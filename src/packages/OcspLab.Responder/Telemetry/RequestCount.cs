using System.Text.Json;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Telemetry;

/// <summary>How often a kind of request was answered in one way since the responder started.</summary>
/// <param name="Method">GET, HEAD, POST, or other.</param>
/// <param name="Outcome">good, revoked, unknown, several, or the error status in camel case.</param>
/// <param name="Count">How often.</param>
public sealed record RequestCount(string Method, string Outcome, long Count)
{
    /// <summary>One of few: a client may send any word for a method.</summary>
    internal static string MethodOf(HttpRequest request) =>
        request.Method switch
        {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "POST" => "POST",
            _ => "other",
        };

    // The RFC's spelling: malformedRequest, tryLater, …
    internal static string Name(OcspResponseStatus status) => JsonNamingPolicy.CamelCase.ConvertName(status.ToString());
}
