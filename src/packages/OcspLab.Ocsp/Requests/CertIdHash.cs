namespace OcspLab.Ocsp.Requests;

/// <summary>The hash that a <see cref="CertId"/> names its issuer by (RFC 6960 §4.1.1).</summary>
public enum CertIdHash
{
    /// <summary>
    /// SHA-1: what every responder understands, and what RFC 9919 §3.1.1 asks clients that need reach to send.
    /// </summary>
    Sha1,

    /// <summary>SHA-256.</summary>
    Sha256,

    /// <summary>SHA-384.</summary>
    Sha384,

    /// <summary>SHA-512.</summary>
    Sha512,
}
