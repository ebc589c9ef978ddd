namespace OcspLab.Ocsp.Signing;

/// <summary>What a response says besides its entries, and how it is signed.</summary>
public sealed record OcspSigningOptions
{
    /// <summary>The nonce to echo (RFC 9654 §2.1), or null.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary>One of the key's <see cref="OcspSigningKey.Algorithms"/>, or null for the first of them.</summary>
    public string? SignatureAlgorithm { get; init; }

    /// <summary>
    /// Whether the response says that serial numbers which were never issued count as revoked. Default
    /// <see cref="ExtendedRevoke.Omit"/>.
    /// </summary>
    public ExtendedRevoke ExtendedRevoke { get; init; }

    /// <summary>
    /// How the response names who signed it (RFC 6960 §4.2.2.3). Default <see cref="ResponderIdForm.ByKey"/>.
    /// </summary>
    public ResponderIdForm ResponderId { get; init; }

    /// <summary>
    /// What is enclosed in <c>certs</c>; null for the delegate's certificate, which is left out where the issuer signs
    /// itself (RFC 9919 §3.2.2).
    /// </summary>
    public IReadOnlyList<System.Security.Cryptography.X509Certificates.X509Certificate2>? Certificates { get; init; }
}

/// <summary>The two forms of a ResponderID (RFC 6960 §4.2.1).</summary>
public enum ResponderIdForm
{
    /// <summary>The SHA-1 hash of the key, as RFC 9919 §3.2.2 wants it: 20 octets.</summary>
    ByKey,

    /// <summary>The subject of the signer's certificate.</summary>
    ByName,
}

/// <summary>The extended revoked definition (RFC 6960 §4.4.8).</summary>
public enum ExtendedRevoke
{
    /// <summary>Left out.</summary>
    Omit,

    /// <summary>In responseExtensions, not critical.</summary>
    Include,
}
