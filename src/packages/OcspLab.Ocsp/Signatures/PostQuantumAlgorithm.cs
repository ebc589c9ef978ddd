using System.Diagnostics.CodeAnalysis;

namespace OcspLab.Ocsp.Signatures;

/// <summary>
/// Signature algorithms that are believed to withstand quantum computers: ML-DSA (FIPS 204, RFC 9881) and SLH-DSA
/// (FIPS 205, RFC 9909), both in their pure form. The value is the last arc of the identifier, which begins with
/// 2.16.840.1.101.3.4.3 and names the key and the signature alike.
/// </summary>
[SuppressMessage("Design", "CA1008", Justification = "No algorithm is the one of zero.")]
[SuppressMessage("Naming", "CA1707", Justification = "The names that .NET's SlhDsaAlgorithm has.")]
public enum PostQuantumAlgorithm
{
    /// <summary>ML-DSA-44: signatures of 2,420 octets.</summary>
    MLDsa44 = 17,

    /// <summary>ML-DSA-65: signatures of 3,309 octets.</summary>
    MLDsa65 = 18,

    /// <summary>ML-DSA-87: signatures of 4,627 octets.</summary>
    MLDsa87 = 19,

    /// <summary>SLH-DSA-SHA2-128s: signatures of 7,856 octets, slow to make.</summary>
    SlhDsaSha2_128s = 20,

    /// <summary>SLH-DSA-SHA2-128f: signatures of 17,088 octets.</summary>
    SlhDsaSha2_128f = 21,

    /// <summary>SLH-DSA-SHA2-192s: signatures of 16,224 octets, slow to make.</summary>
    SlhDsaSha2_192s = 22,

    /// <summary>SLH-DSA-SHA2-192f: signatures of 35,664 octets.</summary>
    SlhDsaSha2_192f = 23,

    /// <summary>SLH-DSA-SHA2-256s: signatures of 29,792 octets, slow to make.</summary>
    SlhDsaSha2_256s = 24,

    /// <summary>SLH-DSA-SHA2-256f: signatures of 49,856 octets.</summary>
    SlhDsaSha2_256f = 25,

    /// <summary>SLH-DSA-SHAKE-128s: signatures of 7,856 octets, slow to make.</summary>
    SlhDsaShake128s = 26,

    /// <summary>SLH-DSA-SHAKE-128f: signatures of 17,088 octets.</summary>
    SlhDsaShake128f = 27,

    /// <summary>SLH-DSA-SHAKE-192s: signatures of 16,224 octets, slow to make.</summary>
    SlhDsaShake192s = 28,

    /// <summary>SLH-DSA-SHAKE-192f: signatures of 35,664 octets.</summary>
    SlhDsaShake192f = 29,

    /// <summary>SLH-DSA-SHAKE-256s: signatures of 29,792 octets, slow to make.</summary>
    SlhDsaShake256s = 30,

    /// <summary>SLH-DSA-SHAKE-256f: signatures of 49,856 octets.</summary>
    SlhDsaShake256f = 31,
}
