using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Pki;

/// <summary>Reads and writes a certificate with its encrypted key.</summary>
public static class StoredCertificate
{
    /// <summary>The certificate without its key, or null when there is none.</summary>
    /// <exception cref="PkiException">The file is there and is not a certificate.</exception>
    public static X509Certificate2? Find(CertificateFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        try
        {
            return File.Exists(files.Certificate)
                ? X509CertificateLoader.LoadCertificateFromFile(files.Certificate)
                : null;
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new PkiException(
                $"{files.Certificate} is not a readable certificate ({exception.Message}). Delete it and it "
                    + "is made again.",
                exception
            );
        }
    }

    /// <summary>The certificate with its private key.</summary>
    /// <exception cref="PkiException">
    /// A file is missing or broken, the password is wrong, or the key belongs to another certificate.
    /// </exception>
    public static X509Certificate2 Load(CertificateFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Load(files.Certificate, files.Key, files.Password);
    }

    /// <summary>The certificate of a PEM file (the first one of a chain) with the private key of another.</summary>
    /// <param name="certificatePath">PEM with the certificate first.</param>
    /// <param name="keyPath">PEM with the key, encrypted or not.</param>
    /// <param name="passwordPath">A file whose first line is the password, or null for a key in the clear.</param>
    /// <exception cref="PkiException">As above; the message names the file.</exception>
    public static X509Certificate2 Load(string certificatePath, string keyPath, string? passwordPath)
    {
        using var certificate = Read(certificatePath, text => X509Certificate2.CreateFromPem(text));
        using var key = OpenKey(certificate, certificatePath, keyPath, passwordPath);
        using var paired = key.PairWith(certificate);
        // PKCS #12 and back: a key that was only just paired is ephemeral, which not every platform's TLS takes.
        return X509CertificateLoader.LoadPkcs12(
            paired.Export(X509ContentType.Pkcs12),
            null,
            X509KeyStorageFlags.Exportable
        );
    }

    /// <summary>Makes sure that a certificate is there and goes with its key.</summary>
    /// <exception cref="PkiException">As above.</exception>
    public static void Check(CertificateFiles files)
    {
        var (certificate, key) = Open(files);
        certificate.Dispose();
        key.Dispose();
    }

    /// <summary>The certificate, and its key of whatever kind.</summary>
    /// <exception cref="PkiException">As above.</exception>
    internal static (X509Certificate2 Certificate, PrivateKey Key) Open(CertificateFiles files)
    {
        var certificate = Read(files.Certificate, text => X509Certificate2.CreateFromPem(text));
        return (certificate, OpenKey(certificate, files.Certificate, files.Key, files.Password));
    }

    private static PrivateKey OpenKey(
        X509Certificate2 certificate,
        string certificatePath,
        string keyPath,
        string? passwordPath
    )
    {
        var pem = Read(keyPath, text => text);
        var password = passwordPath is null ? null : Read(passwordPath, text => text.Split('\n')[0].TrimEnd('\r'));
        try
        {
            return PrivateKey.Open(certificate, pem, password);
        }
        catch (ArgumentException exception)
        {
            throw new PkiException($"{keyPath} is not the key of {certificatePath}. {Remedy}", exception);
        }
        catch (CryptographicException exception)
        {
            throw new PkiException(
                password is null
                    ? $"{keyPath} is not a readable private key ({exception.Message}). {Remedy}"
                    : $"{keyPath} cannot be opened with the password in {passwordPath}: it is wrong, or the key "
                        + $"file is damaged. {Remedy}",
                exception
            );
        }
    }

    /// <summary>
    /// Writes certificate, key (AES-256, PBKDF2 over SHA-256) and password; the password file is kept when it is there.
    /// </summary>
    internal static void Save(CertificateFiles files, X509Certificate2 certificate, PrivateKey key)
    {
        if (!File.Exists(files.Password))
            PrivateFile.WriteSecret(
                files.Password,
                Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n"
            );
        var password = File.ReadLines(files.Password).FirstOrDefault();
        if (string.IsNullOrEmpty(password))
            throw new PkiException($"{files.Password} is empty. Delete it and a new password is made.");
        PrivateFile.WriteSecret(files.Key, key.ExportEncryptedPem(password) + "\n");
        PrivateFile.WritePublic(files.Certificate, certificate.ExportCertificatePem() + "\n");
        ForgetOtherKinds(files);
    }

    // One certificate of a name at a time: who looks for it must not find the one with yesterday's kind of key.
    private static void ForgetOtherKinds(CertificateFiles files)
    {
        foreach (var algorithm in Enum.GetValues<KeyAlgorithm>().Where(algorithm => algorithm != files.Algorithm))
        {
            var other = files.As(algorithm);
            File.Delete(other.Certificate);
            File.Delete(other.Key);
        }
    }

    private static T Read<T>(string path, Func<string, T> parse)
    {
        try
        {
            return parse(File.ReadAllText(path));
        }
        catch (FileNotFoundException exception)
        {
            throw new PkiException($"{path} does not exist. {Remedy}", exception);
        }
        catch (DirectoryNotFoundException exception)
        {
            throw new PkiException($"{path} does not exist. {Remedy}", exception);
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new PkiException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    private const string Remedy = "Put it right, or delete the certificate and its key: then both are made anew.";
}
