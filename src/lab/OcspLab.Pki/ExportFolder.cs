using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Pki;

/// <summary>A folder with a certificate as servers want it, for programs outside of the lab.</summary>
public sealed class ExportFolder(string path)
{
    /// <summary>The folder.</summary>
    public string Path { get; } = path;

    /// <summary>The certificate and its intermediate.</summary>
    public string FullChain => Combine("fullchain.pem");

    /// <summary>The same with the root, for software that must find the root itself.</summary>
    public string FullChainWithRoot => Combine("fullchain-root.pem");

    /// <summary>The private key, not encrypted; only its owner can read it.</summary>
    public string Key => Combine("privkey.pem");

    /// <summary>The root that clients must trust.</summary>
    public string Root => Combine("root.pem");

    /// <summary>One of the files that is there already, or null.</summary>
    public string? Existing => Array.Find([FullChain, FullChainWithRoot, Key, Root], File.Exists);

    /// <summary>Writes the files.</summary>
    public void Write(LabPki pki, IssuedCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(pki);
        ArgumentNullException.ThrowIfNull(certificate);
        using var pair = StoredCertificate.Load(certificate.Files);
        using var key = (AsymmetricAlgorithm?)pair.GetRSAPrivateKey() ?? pair.GetECDsaPrivateKey();
        Directory.CreateDirectory(Path);
        PrivateFile.WriteSecret(Key, key!.ExportPkcs8PrivateKeyPem() + "\n");
        PrivateFile.WritePublic(FullChain, File.ReadAllText(certificate.Files.FullChain));
        PrivateFile.WritePublic(FullChainWithRoot, File.ReadAllText(certificate.Files.FullChainWithRoot));
        PrivateFile.WritePublic(Root, File.ReadAllText(pki.Root.Certificate));
    }

    private string Combine(string file) => System.IO.Path.Combine(Path, file);
}
