using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;

namespace OcspLab.Testing;

/// <summary>A certificate authority in memory: quick keys, any certificate, right or wrong.</summary>
public sealed class TestAuthority
{
    public static DateTimeOffset Now { get; } = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public TestAuthority(string name = "CN=Test CA")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Certificate = request.CreateSelfSigned(
            Now.AddYears(-1),
            new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero)
        );
    }

    public X509Certificate2 Certificate { get; }

    public static Oid OcspSigning { get; } = new("1.3.6.1.5.5.7.3.9");

    /// <summary>A server certificate, with its key.</summary>
    public X509Certificate2 Server(
        Uri? ocspUrl = null,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null
    ) =>
        Issue(
            "CN=server",
            request =>
            {
                if (ocspUrl is not null)
                    request.CertificateExtensions.Add(
                        new X509AuthorityInformationAccessExtension([ocspUrl.OriginalString], [])
                    );
            },
            notBefore,
            notAfter
        );

    /// <summary>An OCSP signer, with its key.</summary>
    public X509Certificate2 Delegate(
        Oid? usage = null,
        X509KeyUsageFlags keyUsage = X509KeyUsageFlags.DigitalSignature,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null
    ) =>
        Issue(
            "CN=delegate",
            request =>
            {
                request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage ?? OcspSigning], false));
                request.CertificateExtensions.Add(new X509KeyUsageExtension(keyUsage, true));
            },
            notBefore,
            notAfter
        );

    /// <summary>An OCSP signer whose key is elsewhere.</summary>
    public X509Certificate2 DelegateOf(PublicKey key)
    {
        var request = new CertificateRequest(new X500DistinguishedName("CN=delegate"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([OcspSigning], false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        using var signer = Certificate.GetECDsaPrivateKey()!;
        return request.Create(
            Certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(signer),
            Now.AddDays(-30),
            Now.AddDays(60),
            RandomSerial()
        );
    }

    public X509Certificate2 Issue(
        string name,
        Action<CertificateRequest> extend,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null
    )
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        extend(request);
        using var certificate = request.Create(
            Certificate,
            notBefore ?? Now.AddDays(-30),
            notAfter ?? Now.AddDays(60),
            RandomSerial()
        );
        var paired = certificate.CopyWithPrivateKey(key);
        if (OperatingSystem.IsLinux())
            return paired;
        // Elsewhere TLS cannot use an ephemeral key: out and in again, which is slow (PKCS #12 derives keys).
        using (paired)
            return X509CertificateLoader.LoadPkcs12(
                paired.Export(X509ContentType.Pkcs12),
                null,
                X509KeyStorageFlags.Exportable
            );
    }

    private static byte[] RandomSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return serial;
    }

    /// <summary>A response about <paramref name="certificate"/>, good and current unless said otherwise.</summary>
    public byte[] Respond(
        X509Certificate2 certificate,
        CertStatus? status = null,
        DateTimeOffset? thisUpdate = null,
        DateTimeOffset? nextUpdate = null,
        X509Certificate2? signer = null,
        CertId? id = null,
        DateTimeOffset? producedAt = null,
        NextUpdate next = NextUpdate.Present
    )
    {
        var from = thisUpdate ?? Now.AddHours(-1);
        var answer = new OcspResponseEntry(
            id ?? OcspSubject.FromCertificate(certificate, Certificate).ToCertId(CertIdHash.Sha1),
            status ?? CertStatus.Good,
            from,
            next == NextUpdate.Present ? nextUpdate ?? from.AddDays(1) : null
        );
        var key = new OcspSigningKey(signer ?? Certificate);
        return OcspResponseBuilder.Build([answer], key, Certificate, producedAt ?? from);
    }
}

public enum NextUpdate
{
    Present,
    Absent,
}
