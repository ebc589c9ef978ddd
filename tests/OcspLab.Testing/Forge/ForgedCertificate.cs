using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.X509;
using BcExtension = (string Oid, bool Critical, Org.BouncyCastle.Asn1.Asn1Encodable Value);

namespace OcspLab.Testing.Forge;

/// <summary>A certificate and its key, right or wrong.</summary>
public sealed record ForgedCertificate(byte[] Encoded, ForgedKey Key, string Name)
{
    public X509Certificate2 Certificate { get; } = X509CertificateLoader.LoadCertificate(Encoded);

    /// <summary>The subject's distinguished name in DER.</summary>
    public byte[] SubjectName => Certificate.SubjectName.RawData;
}

/// <summary>What is to be certified. Changed with <c>with</c>.</summary>
public sealed record CertificateForge(string Name, ForgedKey Key, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    private static long _serial = 0x4f435350_00000000;

    public BigInteger Serial { get; init; } = BigInteger.ValueOf(Interlocked.Increment(ref _serial));

    public IReadOnlyList<BcExtension> Extensions { get; init; } = [];

    public static BcExtension CertificateAuthority => ("2.5.29.19", true, new BasicConstraints(cA: true));

    public static BcExtension NoCheck => ("1.3.6.1.5.5.7.48.1.5", false, DerNull.Instance);

    public static BcExtension Usage(string oid) => ("2.5.29.37", false, new DerSequence(new DerObjectIdentifier(oid)));

    public static BcExtension KeyUsage(int bits) => ("2.5.29.15", true, new KeyUsage(bits));

    /// <summary>Signed by <paramref name="issuer"/>, or by itself when that is null.</summary>
    /// <param name="issuer">Who signs.</param>
    /// <param name="algorithm">The signature algorithm, when it is not the issuer's own.</param>
    public ForgedCertificate Sign(ForgedCertificate? issuer, string? algorithm = null)
    {
        var generator = new X509V3CertificateGenerator();
        generator.SetSerialNumber(Serial);
        generator.SetIssuerDN(new X509Name(issuer?.Name ?? Name));
        generator.SetSubjectDN(new X509Name(Name));
        generator.SetNotBefore(NotBefore.UtcDateTime);
        generator.SetNotAfter(NotAfter.UtcDateTime);
        generator.SetSubjectPublicKeyInfo(SubjectPublicKeyInfo.GetInstance(Key.PublicKeyInfo));
        foreach (var (oid, critical, value) in Extensions)
            generator.AddExtension(new DerObjectIdentifier(oid), critical, value);
        var key = issuer?.Key ?? Key;
        var certificate = generator.Generate((algorithm is null ? key : key with { Algorithm = algorithm }).Factory);
        return new ForgedCertificate(certificate.GetEncoded(), Key, Name);
    }
}
