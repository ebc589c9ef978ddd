using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using OcspLab.Ocsp.Asn1;

namespace OcspLab.Ocsp.Requests;

/// <summary>Object identifiers and digests of <see cref="CertIdHash"/>.</summary>
internal static class CertIdHashes
{
    public static string Oid(this CertIdHash hash) => HashIdentifiers.OidOf(NameOf(hash));

    public static CertIdHash? FromOid(string oid) =>
        HashIdentifiers.Find(oid) is { } name ? Enum.GetValues<CertIdHash>().First(hash => NameOf(hash) == name) : null;

    private static HashAlgorithmName NameOf(CertIdHash hash) =>
        hash switch
        {
            CertIdHash.Sha1 => HashAlgorithmName.SHA1,
            CertIdHash.Sha256 => HashAlgorithmName.SHA256,
            CertIdHash.Sha384 => HashAlgorithmName.SHA384,
            CertIdHash.Sha512 => HashAlgorithmName.SHA512,
            _ => throw new ArgumentOutOfRangeException(nameof(hash)),
        };

    [SuppressMessage(
        "Security",
        "CA5350",
        Justification = "A CertID hash names an issuer; RFC 6960 §4.3 makes SHA-1 mandatory and no trust rests on it."
    )]
    public static byte[] Digest(this CertIdHash hash, ReadOnlySpan<byte> data) =>
        hash switch
        {
            CertIdHash.Sha1 => SHA1.HashData(data),
            CertIdHash.Sha256 => SHA256.HashData(data),
            CertIdHash.Sha384 => SHA384.HashData(data),
            CertIdHash.Sha512 => SHA512.HashData(data),
            _ => throw new ArgumentOutOfRangeException(nameof(hash)),
        };
}
