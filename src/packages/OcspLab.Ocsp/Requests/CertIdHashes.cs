using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace OcspLab.Ocsp.Requests;

/// <summary>Object identifiers and digests of <see cref="CertIdHash"/>.</summary>
internal static class CertIdHashes
{
    public static string Oid(this CertIdHash hash) => hash switch
    {
        CertIdHash.Sha1 => "1.3.14.3.2.26",
        CertIdHash.Sha256 => "2.16.840.1.101.3.4.2.1",
        CertIdHash.Sha384 => "2.16.840.1.101.3.4.2.2",
        CertIdHash.Sha512 => "2.16.840.1.101.3.4.2.3",
        _ => throw new ArgumentOutOfRangeException(nameof(hash)),
    };

    public static CertIdHash? FromOid(string oid) => oid switch
    {
        "1.3.14.3.2.26" => CertIdHash.Sha1,
        "2.16.840.1.101.3.4.2.1" => CertIdHash.Sha256,
        "2.16.840.1.101.3.4.2.2" => CertIdHash.Sha384,
        "2.16.840.1.101.3.4.2.3" => CertIdHash.Sha512,
        _ => null,
    };

    [SuppressMessage("Security", "CA5350", Justification = "A CertID hash names an issuer; RFC 6960 §4.3 makes SHA-1 mandatory and no trust rests on it.")]
    public static byte[] Digest(this CertIdHash hash, ReadOnlySpan<byte> data) => hash switch
    {
        CertIdHash.Sha1 => SHA1.HashData(data),
        CertIdHash.Sha256 => SHA256.HashData(data),
        CertIdHash.Sha384 => SHA384.HashData(data),
        CertIdHash.Sha512 => SHA512.HashData(data),
        _ => throw new ArgumentOutOfRangeException(nameof(hash)),
    };
}
