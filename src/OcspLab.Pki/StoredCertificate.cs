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
            return File.Exists(files.Certificate) ? X509CertificateLoader.LoadCertificateFromFile(files.Certificate) : null;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new PkiException($"{files.Certificate} is not a readable certificate ({exception.Message}). Delete it and it is made again.", exception);
        }
    }

    /// <summary>The certificate with its private key.</summary>
    /// <exception cref="PkiException">A file is missing or broken, the password is wrong, or the key belongs to another certificate.</exception>
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
        using var certificate = Read(certificatePath, X509CertificateLoaderFromPem);
        var key = Read(keyPath, text => text);
        var password = passwordPath is null ? null : Read(passwordPath, text => text.Split('\n')[0].TrimEnd('\r'));
        try
        {
            using var paired = X509Certificate2FromPem(certificate, key, password);
            // PKCS #12 and back: a key that was only just paired is ephemeral, which not every platform's TLS takes.
            return X509CertificateLoader.LoadPkcs12(paired.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
        }
        catch (ArgumentException exception)
        {
            throw new PkiException($"{keyPath} is not the key of {certificatePath}.", exception);
        }
        catch (CryptographicException exception)
        {
            throw new PkiException(
                password is null
                    ? $"{keyPath} is not a readable private key ({exception.Message})."
                    : $"{keyPath} cannot be opened with the password in {passwordPath}: it is wrong, or the key file is damaged.",
                exception);
        }
    }

    /// <summary>Writes certificate, key (AES-256, PBKDF2 over SHA-256) and password; the password file is kept when it is there.</summary>
    internal static void Save(CertificateFiles files, X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        if (!File.Exists(files.Password))
            PrivateFile.WriteSecret(files.Password, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n");
        var password = File.ReadLines(files.Password).First();
        var encryption = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 100_000);
        PrivateFile.WriteSecret(files.Key, key.ExportEncryptedPkcs8PrivateKeyPem(password, encryption) + "\n");
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
            throw new PkiException($"{path} does not exist.", exception);
        }
        catch (DirectoryNotFoundException exception)
        {
            throw new PkiException($"{path} does not exist.", exception);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new PkiException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    private static X509Certificate2 X509CertificateLoaderFromPem(string text) => X509Certificate2.CreateFromPem(text);

    private static X509Certificate2 X509Certificate2FromPem(X509Certificate2 certificate, string key, string? password)
    {
        var pem = certificate.ExportCertificatePem();
        return password is null ? X509Certificate2.CreateFromPem(pem, key) : X509Certificate2.CreateFromEncryptedPem(pem, key, password);
    }
}
