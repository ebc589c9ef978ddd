namespace OcspLab.Pki;

/// <summary>The kind of key that a certificate is made with.</summary>
public enum KeyAlgorithm
{
    /// <summary>RSA with 2048 bits, as in the article.</summary>
    Rsa,

    /// <summary>ECDSA on P-256.</summary>
    Ecdsa,

    /// <summary>ML-DSA-44 (RFC 9881); for authorities and signers only, as are those that follow.</summary>
    MLDsa44,

    /// <summary>ML-DSA-65.</summary>
    MLDsa65,

    /// <summary>ML-DSA-87.</summary>
    MLDsa87,

    /// <summary>SLH-DSA-SHA2-128s (RFC 9909): a signature takes a second and more.</summary>
    SlhDsa128s,

    /// <summary>SLH-DSA-SHA2-128f.</summary>
    SlhDsa128f,
}
