namespace OcspLab.Pki;

/// <summary>The kind of key that a certificate is made with.</summary>
public enum KeyAlgorithm
{
    /// <summary>RSA with 2048 bits, as in the article.</summary>
    Rsa,

    /// <summary>ECDSA on P-256.</summary>
    Ecdsa,
}
