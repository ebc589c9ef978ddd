namespace OcspLab.Responder.Telemetry;

/// <summary>How often a kind of request was answered in one way since the responder started.</summary>
/// <param name="Method">GET, HEAD, POST, or other.</param>
/// <param name="Outcome">What the responses said.</param>
/// <param name="Count">How often.</param>
public sealed record RequestCount(string Method, ResponseOutcome Outcome, long Count)
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
}
