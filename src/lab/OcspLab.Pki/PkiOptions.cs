namespace OcspLab.Pki;

/// <summary>What the lab's authority writes into its certificates.</summary>
public sealed record PkiOptions
{
    /// <summary>
    /// The responder's URL in every end certificate (authority information access), or null for certificates without
    /// OCSP.
    /// </summary>
    public Uri? OcspUrl { get; init; } = new("http://ocsp.servicelab.com:8888");

    /// <summary>
    /// The kind of key of what is issued, or null for the kind that it had, or else its authority's; RSA at first, and
    /// ECDSA where the authority's is for no server. One of <see cref="KeyAlgorithms.ForServers"/>.
    /// </summary>
    public KeyAlgorithm? KeyAlgorithm { get; init; }

    /// <summary>
    /// The kind of key of authorities and OCSP signers, or null for the kind that they had, or else
    /// <see cref="KeyAlgorithm"/>.
    /// </summary>
    public KeyAlgorithm? AuthorityKeyAlgorithm { get; init; }
}
