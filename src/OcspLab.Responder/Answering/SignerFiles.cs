using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Responder;

/// <summary>Reads the responder's certificates and key, with an error that names the file.</summary>
internal static class SignerFiles
{
    public static X509Certificate2 LoadCertificate(string path)
    {
        try
        {
            return X509CertificateLoader.LoadCertificateFromFile(path);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"{path} is not a readable certificate: {exception.Message}", exception);
        }
    }

    public static X509Certificate2 LoadWithKey(string certificate, string key, string? passwordFile)
    {
        try
        {
            return passwordFile is null
                ? X509Certificate2.CreateFromPemFile(certificate, key)
                : X509Certificate2.CreateFromEncryptedPemFile(certificate, File.ReadLines(passwordFile).FirstOrDefault() ?? "", key);
        }
        catch (CryptographicException exception)
        {
            var with = passwordFile is null ? "" : $" with the password in {passwordFile}";
            throw new InvalidOperationException($"{key} cannot be opened{with}, or is not the key of {certificate}: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(exception.Message, exception);
        }
    }
}
