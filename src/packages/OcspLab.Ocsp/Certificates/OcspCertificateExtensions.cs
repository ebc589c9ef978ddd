using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Asn1;

namespace OcspLab.Ocsp.Certificates;

/// <summary>What a certificate says about OCSP.</summary>
public static class OcspCertificateExtensions
{
    /// <summary>
    /// The http and https responder URLs of the authority information access extension, in order (RFC 5280 §4.2.2.1).
    /// </summary>
    /// <returns>
    /// An empty list when the certificate names none; entries that are not absolute http(s) URLs are passed over.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="certificate"/> is null.</exception>
    public static IReadOnlyList<Uri> GetOcspUrls(this X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var urls = new List<Uri>();
        foreach (var extension in certificate.Extensions.OfType<X509AuthorityInformationAccessExtension>())
        {
            foreach (var text in extension.EnumerateOcspUris())
            {
                if (
                    Uri.TryCreate(text, UriKind.Absolute, out var url)
                    && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
                )
                    urls.Add(url);
            }
        }

        return urls;
    }

    /// <summary>
    /// True when the certificate carries the TLS feature extension with status_request: "must-staple" (RFC 7633 §4).
    /// </summary>
    /// <exception cref="ArgumentNullException"><paramref name="certificate"/> is null.</exception>
    public static bool IsMustStaple(this X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var extension = certificate.Extensions[OcspOids.TlsFeature];
        if (extension is null)
            return false;
        try
        {
            // Features ::= SEQUENCE OF INTEGER
            var features = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (features.HasData)
            {
                if (features.ReadInteger() == StatusRequest)
                    return true;
            }
        }
        catch (AsnContentException)
        {
            // An extension that nobody can read asks for nothing; clients judge it the same way.
        }

        return false;
    }

    private const int StatusRequest = 5;
}
