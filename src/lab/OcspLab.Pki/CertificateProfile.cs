using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Pki;

/// <summary>
/// What a kind of certificate contains. The extensions follow RFC 5280 and, for the OCSP signer, BR §7.1.2.8.
/// </summary>
internal sealed record CertificateProfile(string Subject, TimeSpan Lifetime, Action<CertificateRequest, Uri?> Extend)
{
    public static CertificateProfile Root { get; } =
        new("CN=OcspLab Root CA,O=OcspLab", TimeSpan.FromDays(3650), (request, _) => Authority(request, pathLength: 1));

    public static CertificateProfile Intermediate { get; } =
        new(
            "CN=OcspLab Intermediate CA,O=OcspLab",
            TimeSpan.FromDays(1825),
            (request, _) => Authority(request, pathLength: 0)
        );

    // BR §7.1.2.8: OCSPSigning and nothing else, id-pkix-ocsp-nocheck with the value NULL, digitalSignature only.
    public static CertificateProfile OcspSigner { get; } =
        new("CN=OcspLab OCSP Responder,O=OcspLab", TimeSpan.FromDays(30), (request, _) => SignsOcsp(request));

    public static CertificateProfile ExpiredOcspSigner { get; } =
        new("CN=OcspLab Expired OCSP Responder,O=OcspLab", TimeSpan.FromDays(30), (request, _) => SignsOcsp(request))
        {
            Past = TimeSpan.FromDays(31),
        };

    public static CertificateProfile NotAnOcspSigner { get; } =
        new(
            "CN=OcspLab OCSP Responder without OCSPSigning,O=OcspLab",
            TimeSpan.FromDays(90),
            (request, _) => EndEntity(request, X509KeyUsageFlags.DigitalSignature, "1.3.6.1.5.5.7.3.2")
        );

    /// <summary>
    /// How long ago its validity began when it is issued. Clients' clocks lag; a certificate that starts now is refused
    /// by some of them.
    /// </summary>
    public TimeSpan Past { get; init; } = TimeSpan.FromMinutes(5);

    public static CertificateProfile Server(IReadOnlyList<string> hostNames, MustStaple mustStaple) =>
        new(
            $"CN={hostNames[0]},O=OcspLab",
            TimeSpan.FromDays(90),
            (request, ocspUrl) =>
            {
                EndEntity(request, X509KeyUsageFlags.DigitalSignature, ServerAuth);
                var names = new SubjectAlternativeNameBuilder();
                foreach (var host in hostNames)
                {
                    if (IPAddress.TryParse(host, out var address))
                        names.AddIpAddress(address);
                    else
                        names.AddDnsName(host);
                }

                request.CertificateExtensions.Add(names.Build());
                AddResponder(request, ocspUrl);
                if (mustStaple == MustStaple.Yes)
                    request.CertificateExtensions.Add(
                        new X509Extension(TlsFeature, StatusRequestFeature(), critical: false)
                    );
            }
        );

    public static CertificateProfile User(string name) =>
        new(
            $"CN={name},O=OcspLab",
            TimeSpan.FromDays(90),
            (request, ocspUrl) =>
            {
                EndEntity(request, X509KeyUsageFlags.DigitalSignature, "1.3.6.1.5.5.7.3.2");
                AddResponder(request, ocspUrl);
            }
        );

    /// <summary>What an end certificate of this authority was issued for.</summary>
    public static CertificateKind KindOf(X509Certificate2 certificate)
    {
        var usages = certificate
            .Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .SelectMany(usage => usage.EnhancedKeyUsages.OfType<Oid>());
        if (!usages.Any(usage => usage.Value == ServerAuth))
            return CertificateKind.Person;
        return certificate.Extensions[TlsFeature] is null ? CertificateKind.Site : CertificateKind.MustStapleSite;
    }

    /// <summary>The DNS names and addresses that a certificate is for.</summary>
    public static IReadOnlyList<string> HostNamesOf(X509Certificate2 certificate) =>
        [
            .. certificate
                .Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(names =>
                    names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()))
                ),
        ];

    private static void Authority(CertificateRequest request, int pathLength)
    {
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(
                certificateAuthority: true,
                hasPathLengthConstraint: true,
                pathLength,
                critical: true
            )
        );
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true)
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
    }

    private static void SignsOcsp(CertificateRequest request)
    {
        EndEntity(request, X509KeyUsageFlags.DigitalSignature, "1.3.6.1.5.5.7.3.9");
        request.CertificateExtensions.Add(new X509Extension(OcspNoCheck, [0x05, 0x00], critical: false));
    }

    private static void EndEntity(CertificateRequest request, X509KeyUsageFlags usage, string extendedUsage)
    {
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(
                certificateAuthority: false,
                hasPathLengthConstraint: false,
                0,
                critical: true
            )
        );
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(extendedUsage)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
    }

    private static void AddResponder(CertificateRequest request, Uri? ocspUrl)
    {
        // The text as it was given: Uri would add a slash that the article's certificates do not have.
        if (ocspUrl is not null)
            request.CertificateExtensions.Add(
                new X509AuthorityInformationAccessExtension([ocspUrl.OriginalString], [])
            );
    }

    // Features ::= SEQUENCE OF INTEGER; status_request(5) (RFC 7633 §4, RFC 6066 §1.1)
    private static byte[] StatusRequestFeature()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
            writer.WriteInteger(5);
        return writer.Encode();
    }

    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string OcspNoCheck = "1.3.6.1.5.5.7.48.1.5";
    private const string TlsFeature = "1.3.6.1.5.5.7.1.24";
}

/// <summary>Whether clients are told to insist on a staple (RFC 7633).</summary>
public enum MustStaple
{
    /// <summary>They are not.</summary>
    No,

    /// <summary>They are.</summary>
    Yes,
}
