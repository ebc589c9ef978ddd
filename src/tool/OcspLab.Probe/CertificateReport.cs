using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Certificates;

namespace OcspLab.Probe;

/// <summary>A certificate of the chain.</summary>
/// <param name="Subject">Its distinguished name.</param>
/// <param name="SerialNumber">Its serial in hexadecimal.</param>
/// <param name="NotAfter">End of its validity.</param>
/// <param name="StapleBytes">The size of the staple that came with it, or null.</param>
public sealed record CertificateReport(string Subject, string SerialNumber, DateTimeOffset NotAfter, int? StapleBytes)
{
    /// <summary>Its issuer's distinguished name.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>The DNS names and addresses that it is for.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Kind and size of its key, such as <c>RSA-2048</c>.</summary>
    public string Key { get; init; } = "";

    /// <summary>How it was signed, such as <c>sha256RSA</c>.</summary>
    public string Signature { get; init; } = "";

    /// <summary>Start of its validity.</summary>
    public DateTimeOffset NotBefore { get; init; }

    /// <summary>The responders that it names (RFC 5280 §4.2.2.1).</summary>
    public IReadOnlyList<string> Responders { get; init; } = [];

    /// <summary>Reads all that out of a certificate; what cannot be read is left out.</summary>
    internal static CertificateReport Of(X509Certificate2 certificate, ReadOnlyMemory<byte>? staple) =>
        new(
            certificate.Subject,
            certificate.SerialNumber.ToLowerInvariant(),
            certificate.NotAfter.ToUniversalTime(),
            staple?.Length
        )
        {
            Issuer = certificate.Issuer,
            Names = ReadNames(certificate),
            Key = ReadKey(certificate),
            Signature = certificate.SignatureAlgorithm.FriendlyName ?? certificate.SignatureAlgorithm.Value ?? "",
            NotBefore = certificate.NotBefore.ToUniversalTime(),
            Responders = [.. certificate.GetOcspUrls().Select(url => url.OriginalString)],
        };

    // The certificate is a stranger's: what is in it may be nothing that can be read closely.
    private static string[] ReadNames(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names
                ? [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => address.ToString())]
                : [];
        }
        catch (CryptographicException)
        {
            return [];
        }
    }

    private static string ReadKey(X509Certificate2 certificate)
    {
        try
        {
            using var rsa = certificate.GetRSAPublicKey();
            using var ecdsa = certificate.GetECDsaPublicKey();
            if (rsa is not null)
                return $"RSA-{rsa.KeySize}";
            return ecdsa is not null
                ? $"ECDSA {CurveOf(ecdsa.ExportParameters(false).Curve.Oid) ?? $"{ecdsa.KeySize} bits"}"
                : certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value ?? "";
        }
        catch (CryptographicException)
        {
            return certificate.PublicKey.Oid.Value ?? "";
        }
    }

    // As FIPS 186 has them; the runtime's names depend on where a key comes from.
    private static string? CurveOf(Oid? curve) =>
        curve?.Value switch
        {
            "1.2.840.10045.3.1.7" => "P-256",
            "1.3.132.0.34" => "P-384",
            "1.3.132.0.35" => "P-521",
            _ => curve?.FriendlyName,
        };
}
