namespace OcspLab.Lab.Timelines;

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
public static class HandshakeResults
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
