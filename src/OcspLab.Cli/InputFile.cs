using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OcspLab.Lab;

namespace OcspLab.Cli;

/// <summary>Files that commands read: DER, PEM or bare base64.</summary>
internal static class InputFile
{
    /// <summary>The DER of a file. What is none of the three comes back as it is: whoever decodes it says what is wrong.</summary>
    /// <exception cref="LabException">The file cannot be read.</exception>
    public static byte[] ReadDer(FileInfo file)
    {
        var bytes = Read(file);
        if (bytes is [DerSequence, ..])
            return bytes;
        var text = Encoding.Latin1.GetString(bytes);
        if (PemEncoding.TryFind(text, out var pem))
            text = text[pem.Base64Data];
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return bytes;
        }
    }

    /// <summary>The first certificate of a file.</summary>
    /// <exception cref="LabException">The file cannot be read, or holds no certificate.</exception>
    public static X509Certificate2 ReadCertificate(FileInfo file)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(ReadDer(file));
        }
        catch (CryptographicException exception)
        {
            throw new LabException($"{file.FullName} is not a certificate in DER, PEM or base64: {exception.Message}", ExitCodes.Usage, exception);
        }
    }

    private static byte[] Read(FileInfo file)
    {
        try
        {
            return File.ReadAllBytes(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{file.FullName} cannot be read: {exception.Message}", ExitCodes.Usage, exception);
        }
    }

    // Everything that is read here is a SEQUENCE; no text starts with its tag and a length.
    private const byte DerSequence = 0x30;
}
