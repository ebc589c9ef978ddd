namespace OcspLab.Stapling.Status;

/// <summary>What a handshake was given; the snake_case of a member is the metric's tag.</summary>
internal enum HandshakeOutcome
{
    /// <summary>The current staple.</summary>
    Stapled,

    /// <summary>Nothing: what is held has expired.</summary>
    Expired,

    /// <summary>Nothing: there is no staple.</summary>
    None,

    /// <summary>No handshake: the certificate must be stapled (RFC 7633), and there is no staple.</summary>
    Refused,

    /// <summary>Nothing of ours: it is not known which certificate will be used.</summary>
    UnknownCertificate,
}
