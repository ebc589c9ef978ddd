using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Sources;

/// <summary>How cfssl writes certificates into its table, whatever the database.</summary>
/// <param name="issuer">The authority whose certificates are looked for; others may share the table.</param>
internal sealed class CfsslRow(X509Certificate2 issuer)
{
    /// <summary>The identifier of the authority's key as cfssl has it, or empty.</summary>
    public string KeyIdentifier { get; } =
        issuer
            .Extensions.OfType<X509SubjectKeyIdentifierExtension>()
            .FirstOrDefault()
            ?.SubjectKeyIdentifier?.ToLowerInvariant()
        ?? "";

    /// <summary>A serial number as cfssl writes it: in decimal.</summary>
    public static string ToDecimal(string serialNumber) =>
        new BigInteger(Convert.FromHexString(serialNumber), isUnsigned: false, isBigEndian: true).ToString(
            CultureInfo.InvariantCulture
        );

    /// <summary>The other way round; null for what is no number.</summary>
    public static string? FromDecimal(string text) =>
        BigInteger.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var serial)
            ? Convert.ToHexStringLower(serial.ToByteArray(isUnsigned: false, isBigEndian: true))
            : null;

    /// <summary>
    /// Whether a certificate is this authority's: cfssl 1.2 leaves the identifier of the issuer's key out.
    /// </summary>
    public bool IsOurs(string keyIdentifier, string pem)
    {
        if (keyIdentifier.Length > 0)
            return true;
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer.SubjectName.RawData);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>What a row says.</summary>
    /// <exception cref="InvalidDataException">Somebody else has written something else.</exception>
    public static SourceStatus StatusOf(string serialNumber, string status, int reason, DateTimeOffset? revokedAt) =>
        (status, revokedAt) switch
        {
            ("good", _) => new SourceStatus(CertStatus.Good),
            ("revoked", { Year: > 1 } at) => new SourceStatus(
                CertStatus.Revoked(at, Enum.IsDefined((RevocationReason)reason) ? (RevocationReason)reason : null)
            )
            {
                ChangedAt = at,
            },
            _ => throw new InvalidDataException(
                $"the row of certificate {serialNumber} has the status '{status}' and no time of revocation"
            ),
        };
}
