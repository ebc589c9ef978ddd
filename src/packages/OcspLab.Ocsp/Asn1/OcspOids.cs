namespace OcspLab.Ocsp.Asn1;

/// <summary>Object identifiers of OCSP and of the certificate extensions that it looks at.</summary>
internal static class OcspOids
{
    /// <summary>id-pkix-ocsp-basic (RFC 6960 §4.2.1).</summary>
    public const string Basic = "1.3.6.1.5.5.7.48.1.1";

    /// <summary>id-pkix-ocsp-nonce (RFC 9654 §2.1).</summary>
    public const string Nonce = "1.3.6.1.5.5.7.48.1.2";

    /// <summary>id-pkix-ocsp-crl (RFC 6960 §4.4.2).</summary>
    public const string Crl = "1.3.6.1.5.5.7.48.1.3";

    /// <summary>id-pkix-ocsp-response, AcceptableResponses (RFC 6960 §4.4.3).</summary>
    public const string AcceptableResponses = "1.3.6.1.5.5.7.48.1.4";

    /// <summary>id-pkix-ocsp-archive-cutoff (RFC 6960 §4.4.4).</summary>
    public const string ArchiveCutoff = "1.3.6.1.5.5.7.48.1.6";

    /// <summary>id-pkix-ocsp-service-locator (RFC 6960 §4.4.6).</summary>
    public const string ServiceLocator = "1.3.6.1.5.5.7.48.1.7";

    /// <summary>id-pkix-ocsp-pref-sig-algs (RFC 6960 §4.4.7).</summary>
    public const string PreferredSignatureAlgorithms = "1.3.6.1.5.5.7.48.1.8";

    /// <summary>id-pkix-ocsp-extended-revoke (RFC 6960 §4.4.8).</summary>
    public const string ExtendedRevoke = "1.3.6.1.5.5.7.48.1.9";

    /// <summary>id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).</summary>
    public const string NoCheck = "1.3.6.1.5.5.7.48.1.5";

    /// <summary>id-ce-keyUsage (RFC 5280 §4.2.1.3).</summary>
    public const string KeyUsage = "2.5.29.15";

    /// <summary>id-ce-extKeyUsage (RFC 5280 §4.2.1.12).</summary>
    public const string ExtendedKeyUsage = "2.5.29.37";

    /// <summary>id-kp-OCSPSigning (RFC 6960 §4.2.2.2).</summary>
    public const string OcspSigning = "1.3.6.1.5.5.7.3.9";

    /// <summary>id-pe-tlsfeature (RFC 7633 §4).</summary>
    public const string TlsFeature = "1.3.6.1.5.5.7.1.24";

    /// <summary>id-ce-cRLNumber (RFC 5280 §5.2.3).</summary>
    public const string CrlNumber = "2.5.29.20";

    /// <summary>id-ce-cRLReasons (RFC 5280 §5.3.1).</summary>
    public const string ReasonCode = "2.5.29.21";

    /// <summary>id-ce-invalidityDate (RFC 5280 §5.3.2), which an entry may carry (RFC 6960 §4.4.5).</summary>
    public const string InvalidityDate = "2.5.29.24";

    /// <summary>The certificate's SCTs in an entry (RFC 6962 §3.3).</summary>
    public const string SignedCertificateTimestamps = "1.3.6.1.4.1.11129.2.4.5";

    /// <summary>id-ce-deltaCRLIndicator (RFC 5280 §5.2.4).</summary>
    public const string DeltaCrlIndicator = "2.5.29.27";

    /// <summary>id-ce-issuingDistributionPoint (RFC 5280 §5.2.5).</summary>
    public const string IssuingDistributionPoint = "2.5.29.28";
}
