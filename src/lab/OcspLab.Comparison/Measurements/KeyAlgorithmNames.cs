using OcspLab.Pki;

namespace OcspLab.Comparison.Measurements;

/// <summary>Kinds of keys, for people.</summary>
internal static class KeyAlgorithmNames
{
    /// <summary>Its name with its size.</summary>
    public static string Describe(this KeyAlgorithm key) => key == KeyAlgorithm.Rsa ? "RSA-2048" : "ECDSA P-256";
}
