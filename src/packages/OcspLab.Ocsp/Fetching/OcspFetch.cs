using OcspLab.Ocsp.Verification;

namespace OcspLab.Ocsp.Fetching;

/// <summary>The outcome of one fetch: a verified staple, or the attempts that failed.</summary>
public sealed record OcspFetch
{
    /// <summary>The verified response, or null.</summary>
    public VerifiedStaple? Staple { get; init; }

    /// <summary>
    /// Every URL that was tried, in order; the last one succeeded when <see cref="Staple"/> is not null.
    /// </summary>
    public required IReadOnlyList<FetchAttempt> Attempts { get; init; }

    /// <summary>
    /// How long the responder lets HTTP caches keep the answer (Cache-Control max-age less Age, or Expires), or null. A
    /// hint.
    /// </summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>
    /// How long the last responder that was asked in vain wants to be left alone (Retry-After, RFC 9110 §10.2.3), or
    /// is, since it has failed too often; or null.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The whole fetch.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>One line a failed URL, joined.</summary>
    public string Describe() =>
        Attempts.Count == 0
            ? "no URL to ask"
            : string.Join("; ", Attempts.Select(attempt => $"{attempt.Url}: {attempt.Detail}"));
}
