using System.Security.Cryptography;

namespace OcspLab.Ocsp;

/// <summary>How a signature is computed, as its AlgorithmIdentifier says.</summary>
internal sealed record SignatureScheme(KeyKind Key, HashAlgorithmName? Hash, RSASignaturePadding? Padding);

internal enum KeyKind
{
    Rsa,
    Ecdsa,
    Ed25519,
}
