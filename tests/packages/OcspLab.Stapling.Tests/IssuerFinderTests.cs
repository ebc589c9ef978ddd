using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Stapling.Certificates;

namespace OcspLab.Stapling.Tests;

public sealed class IssuerFinderTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_self_signed_root_is_found_whether_or_not_the_leaf_names_its_key(bool namesKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Root(key);
        using var leaf = Leaf(root, namesKey);
        using var stranger = Root(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var found = new IssuerFinder(new EngineBench.OptionsMonitor(new StaplingOptions())).Find(
            leaf,
            [leaf, stranger, root]
        );
        Assert.Equal(root.Thumbprint, found?.Thumbprint);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_authority_with_the_name_and_another_key_is_no_issuer(bool namesKey)
    {
        using var root = Root(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        using var stranger = Root(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        using var leaf = Leaf(root, namesKey);
        Assert.Null(
            new IssuerFinder(new EngineBench.OptionsMonitor(new StaplingOptions())).Find(leaf, [leaf, stranger])
        );
    }

    private static X509Certificate2 Root(ECDsa key)
    {
        var request = new CertificateRequest("CN=Own Root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(30));
    }

    private static X509Certificate2 Leaf(X509Certificate2 root, bool namesKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=shop.test", key, HashAlgorithmName.SHA256);
        if (namesKey)
            request.CertificateExtensions.Add(
                X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false)
            );
        return request.Create(root, Now.AddDays(-1), Now.AddDays(20), [1, 2, 3]);
    }
}
