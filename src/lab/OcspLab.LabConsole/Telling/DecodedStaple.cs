using System.Security.Cryptography;
using OcspLab.Ocsp.Responses;

namespace OcspLab.LabConsole.Telling;

/// <summary>What a response says of itself, believed or not.</summary>
/// <param name="Algorithm">How it is signed, by name where it has one.</param>
/// <param name="CertId">Hash algorithm, hashes of the issuer's name and key, and serial number.</param>
public sealed record DecodedStaple(string Algorithm, string CertId)
{
    /// <summary>Reads it, or null where it cannot be read.</summary>
    public static DecodedStaple? Of(ReadOnlyMemory<byte>? staple)
    {
        if (
            staple is not { } bytes
            || !OcspResponse.TryDecode(bytes, out var response, out _)
            || response.Basic is not { } basic
            || basic.Responses is not [{ CertId: { } certId }, ..]
        )
            return null;
        var name = new Oid(basic.SignatureAlgorithm).FriendlyName;
        return new DecodedStaple(
            name is null ? basic.SignatureAlgorithm : $"{name} ({basic.SignatureAlgorithm})",
            $"{certId.Hash} {Convert.ToHexStringLower(certId.IssuerNameHash.Span)} "
                + $"{Convert.ToHexStringLower(certId.IssuerKeyHash.Span)} {certId}"
        );
    }
}
