namespace OcspLab.Comparison.Scenarios;

/// <summary>What one client saw.</summary>
/// <param name="At">Since the run's start.</param>
/// <param name="Result">In a word.</param>
/// <param name="Detail">The reason, where there is one.</param>
/// <param name="Until">The staple's nextUpdate, since the run's start, where it verified.</param>
public sealed record Observation(TimeSpan At, HandshakeResult Result, string? Detail = null, TimeSpan? Until = null)
{
    /// <summary>Whether there was a handshake at all.</summary>
    internal bool IsHandshake => Result != HandshakeResult.Refused;
}

/// <summary>What a client may see.</summary>
public enum HandshakeResult
{
    /// <summary>A verified staple that says good.</summary>
    Good,

    /// <summary>A verified staple that says revoked.</summary>
    Revoked,

    /// <summary>No staple.</summary>
    Unstapled,

    /// <summary>A staple past its nextUpdate.</summary>
    Expired,

    /// <summary>A staple that no client may believe.</summary>
    Wrong,

    /// <summary>No handshake.</summary>
    Refused,
}

/// <summary>What a client may see, for people.</summary>
internal static class HandshakeResults
{
    /// <summary>In a few words.</summary>
    public static string ToWords(this HandshakeResult result) =>
        result switch
        {
            HandshakeResult.Good => "good",
            HandshakeResult.Revoked => "revoked",
            HandshakeResult.Unstapled => "nothing",
            HandshakeResult.Expired => "an expired answer",
            HandshakeResult.Wrong => "a wrong answer",
            _ => "no handshake",
        };
}
