using System.Security.Cryptography;

namespace OcspLab.Ocsp.Asn1;

/// <summary>The object identifiers of hash algorithms (RFC 4055 §2.1, RFC 3279 §2.1).</summary>
internal static class HashIdentifiers
{
    public static string OidOf(HashAlgorithmName hash) => Known.First(known => known.Hash == hash).Oid;

    /// <summary>The algorithm, or null where it is none that this library knows.</summary>
    public static HashAlgorithmName? Find(string oid) =>
        Array.Find(Known, known => known.Oid == oid) is { Oid: not null } found ? found.Hash : null;

    private static readonly (string Oid, HashAlgorithmName Hash)[] Known =
    [
        ("1.3.14.3.2.26", HashAlgorithmName.SHA1),
        ("2.16.840.1.101.3.4.2.1", HashAlgorithmName.SHA256),
        ("2.16.840.1.101.3.4.2.2", HashAlgorithmName.SHA384),
        ("2.16.840.1.101.3.4.2.3", HashAlgorithmName.SHA512),
    ];
}
