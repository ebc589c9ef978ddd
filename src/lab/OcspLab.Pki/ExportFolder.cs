using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Lab;
using OcspLab.Pki;

namespace OcspLab.Cli.Commands;

/// <summary>A folder with a certificate as servers want it, for programs outside of the lab.</summary>
internal sealed class ExportFolder(string path)
{
    public string Path { get; } = path;

    /// <summary>The certificate and its intermediate.</summary>
    public string FullChain => Combine("fullchain.pem");

    /// <summary>The private key, not encrypted; only its owner can read it.</summary>
    public string Key => Combine("privkey.pem");

    /// <summary>The root that clients must trust.</summary>
    public string Root => Combine("root.pem");

    /// <exception cref="LabException">One of the files is there.</exception>
    public void RequireNew()
    {
        foreach (var file in (ReadOnlySpan<string>)[FullChain, Key, Root])
            if (File.Exists(file))
                throw new LabException($"{file} is there already. --force replaces it.", LabFailure.Usage);
    }

    /// <summary>Writes the files.</summary>
    public void Write(LabPki pki, IssuedCertificate certificate)
    {
        using var pair = StoredCertificate.Load(certificate.Files);
        using var key = (AsymmetricAlgorithm?)pair.GetRSAPrivateKey() ?? pair.GetECDsaPrivateKey();
        Directory.CreateDirectory(Path);
        PrivateFile.WriteSecret(Key, key!.ExportPkcs8PrivateKeyPem() + "\n");
        PrivateFile.WritePublic(FullChain, File.ReadAllText(certificate.Files.FullChain));
        PrivateFile.WritePublic(Root, File.ReadAllText(pki.Root.Certificate));
    }

    private string Combine(string file) => System.IO.Path.Combine(Path, file);
}
