using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;

namespace OcspLab.Benchmarks;

/// <summary>An authority, its delegate and a response, with keys of one kind.</summary>
internal sealed class Specimens
{
    public static DateTimeOffset Now { get; } = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public Specimens(Func<AsymmetricAlgorithm> createKey)
    {
        Issuer = Create("CN=issuer", createKey(), null, request =>
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true))
        );
        var signer = Create("CN=delegate", createKey(), Issuer, request =>
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.9")], false));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        });
        Signer = new OcspSigningKey(signer);
        Subject = OcspSubject.FromCertificate(Create("CN=server", createKey(), Issuer, _ => { }), Issuer);
        Answer = new OcspResponseEntry(
            Subject.ToCertId(CertIdHash.Sha1),
            CertStatus.Good,
            Now.AddHours(-1),
            Now.AddDays(1)
        );
        Response = Build();
    }

    public static Specimens Rsa { get; } = new(() => RSA.Create(2048));

    public static Specimens Ecdsa { get; } = new(() => ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public X509Certificate2 Issuer { get; }

    public OcspSigningKey Signer { get; }

    public OcspSubject Subject { get; }

    public OcspResponseEntry Answer { get; }

    /// <summary>A good response, signed by the delegate.</summary>
    public byte[] Response { get; }

    public byte[] Build() => OcspResponseBuilder.Build([Answer], Signer, Issuer, Now.AddHours(-1));

    private static X509Certificate2 Create(
        string name,
        AsymmetricAlgorithm key,
        X509Certificate2? issuer,
        Action<CertificateRequest> extend
    )
    {
        var request = key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);
        extend(request);
        if (issuer is null)
            return request.CreateSelfSigned(Now.AddDays(-30), Now.AddDays(300));
        using var certificate = request.Create(
            issuer,
            Now.AddDays(-20),
            Now.AddDays(200),
            RandomNumberGenerator.GetBytes(12)
        );
        return key is RSA rsaKey ? certificate.CopyWithPrivateKey(rsaKey) : certificate.CopyWithPrivateKey((ECDsa)key);
    }
}
