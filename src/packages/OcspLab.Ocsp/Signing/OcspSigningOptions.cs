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
}

/// <summary>The extended revoked definition (RFC 6960 §4.4.8).</summary>
public enum ExtendedRevoke
{
    /// <summary>Left out.</summary>
    Omit,

    /// <summary>In responseExtensions, not critical.</summary>
    Include,
}
