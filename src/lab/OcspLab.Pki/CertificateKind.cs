namespace OcspLab.Pki;

/// <summary>What an end certificate is for.</summary>
public enum CertificateKind
{
    /// <summary>A site's server certificate.</summary>
    Site,

    /// <summary>A site's, whose clients are told to insist on a staple (RFC 7633).</summary>
    MustStapleSite,

    /// <summary>A person's client certificate.</summary>
    Person,
}
