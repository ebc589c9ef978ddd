using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Tokens;

namespace OcspLab.Responder.Authorities;

/// <summary>Reads certificates and keys, with an error that names the file.</summary>
internal static class SignerFiles
{
    /// <exception cref="InvalidOperationException">It cannot be read, or is no certificate.</exception>
    public static X509Certificate2 LoadCertificate(string path)
    {
        try
        {
            return X509CertificateLoader.LoadCertificateFromFile(path);
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"{path} is not a readable certificate: {exception.Message}",
                exception
            );
        }
    }

    /// <exception cref="InvalidOperationException">It cannot be read, or holds no certificate.</exception>
    public static X509Certificate2Collection LoadCertificates(string path)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(path);
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"{path} cannot be read: {exception.Message}", exception);
        }

        return certificates.Count > 0
            ? certificates
            : throw new InvalidOperationException($"{path} holds no certificate in PEM.");
    }

    /// <exception cref="InvalidOperationException">
    /// A file cannot be read, the password is wrong, or the key is another certificate's.
    /// </exception>
    public static OcspSigningKey Load(SignerOptions files)
    {
        if (Pkcs11Uri.IsOne(files.Key))
            return LoadFromToken(files);
        var key = files.Key.Length == 0 ? files.Certificate : files.Key;
        try
        {
            var (certificatePem, keyPem) = (File.ReadAllText(files.Certificate), File.ReadAllText(key));
            if (!keyPem.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
                throw new InvalidOperationException($"{key} holds no private key in PEM.");
            if (
                keyPem.Contains("ENCRYPTED", StringComparison.Ordinal)
                && files is { PasswordFile: null, Password: null }
            )
                throw new InvalidOperationException(
                    $"{key} is encrypted: give its password (PasswordFile or Password; --passin)."
                );
            var password = files.PasswordFile is null
                ? files.Password
                : File.ReadLines(files.PasswordFile).FirstOrDefault() ?? "";
            return password is null
                ? OcspSigningKey.FromPem(certificatePem, keyPem)
                : OcspSigningKey.FromEncryptedPem(certificatePem, keyPem, password);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            var with = files switch
            {
                { PasswordFile: { } passwordFile } => $" with the password in {passwordFile}",
                { Password: not null } => " with the password given",
                _ => "",
            };
            throw new InvalidOperationException(
                $"{key} cannot be opened{with}, or is not the key of {files.Certificate}: {exception.Message}",
                exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(exception.Message, exception);
        }
    }

    private static OcspSigningKey LoadFromToken(SignerOptions files)
    {
        if (!Pkcs11Uri.TryParse(files.Key, out var uri, out var fault))
            throw new InvalidOperationException($"The key of {files.Certificate} is no PKCS#11 URI: {fault}.");
        var certificate = LoadCertificate(files.Certificate);
        var key = new TokenKey(uri);
        if (certificate.GetRSAPublicKey() is { } rsa)
            return new OcspSigningKey(certificate, new TokenRsa(key, rsa));
        if (certificate.GetECDsaPublicKey() is { } ecdsa)
            return new OcspSigningKey(certificate, new TokenEcdsa(key, ecdsa));
        throw new InvalidOperationException($"The key of {files.Certificate} is neither RSA nor ECDSA.");
    }
}
