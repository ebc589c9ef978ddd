namespace OcspLab.Pki;

/// <summary>An end certificate of the lab.</summary>
/// <param name="Name">The lab's name for it.</param>
/// <param name="SerialNumber">The serial in lower-case hexadecimal.</param>
/// <param name="NotBefore">Start of validity.</param>
/// <param name="NotAfter">End of validity.</param>
/// <param name="Files">Where it lives.</param>
/// <param name="Freshness">Whether it was made just now.</param>
public sealed record IssuedCertificate(
    string Name,
    string SerialNumber,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    CertificateFiles Files,
    Freshness Freshness
);

/// <summary>Whether something was made or found.</summary>
public enum Freshness
{
    /// <summary>It was there and is still good.</summary>
    Kept,

    /// <summary>It was made just now.</summary>
    New,
}
