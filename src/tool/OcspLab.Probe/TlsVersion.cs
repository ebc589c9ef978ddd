namespace OcspLab.Probe;

/// <summary>What a probe offers.</summary>
public enum TlsVersion
{
    /// <summary>Both.</summary>
    Any,

    /// <summary>Only TLS 1.2.</summary>
    Tls12,

    /// <summary>Only TLS 1.3.</summary>
    Tls13,
}
