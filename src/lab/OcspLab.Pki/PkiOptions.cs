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
    /// The kind of key that certificates shall have, or null to keep what is there and make RSA otherwise.
    /// </summary>
    public KeyAlgorithm? KeyAlgorithm { get; init; }
}
