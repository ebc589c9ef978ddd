namespace OcspLab.Ocsp.Responses;

/// <summary>CRLReason (RFC 5280 §5.3.1). Values outside the enumeration are carried as they are.</summary>
public enum RevocationReason
{
    /// <summary>No reason given.</summary>
    Unspecified = 0,

    /// <summary>The private key was, or is suspected to be, compromised.</summary>
    KeyCompromise = 1,

    /// <summary>The authority's key was compromised.</summary>
    CaCompromise = 2,

    /// <summary>The subject's name or affiliation changed.</summary>
    AffiliationChanged = 3,

    /// <summary>The certificate was replaced.</summary>
    Superseded = 4,

    /// <summary>The certificate is no longer needed.</summary>
    CessationOfOperation = 5,

    /// <summary>On hold; the only reason that can be taken back.</summary>
    CertificateHold = 6,

    /// <summary>Taken off a CRL.</summary>
    RemoveFromCrl = 8,

    /// <summary>A privilege was withdrawn.</summary>
    PrivilegeWithdrawn = 9,

    /// <summary>The attribute authority was compromised.</summary>
    AaCompromise = 10,
}
