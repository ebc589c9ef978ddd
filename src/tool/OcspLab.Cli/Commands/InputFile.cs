using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OcspLab.Lab;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Cli.Commands;

/// <summary>Files that commands read: DER, PEM or bare base64.</summary>
internal static class InputFile
{
    /// <summary>
    /// The bytes of a response. What is none of the three comes back as it is: whoever decodes it says what is wrong.
    /// </summary>
    /// <exception cref="LabException">The file cannot be read.</exception>
    public static byte[] ReadResponse(FileInfo file) => ReadDer(file, "OCSP RESPONSE");

    /// <summary>What a file that is not a response seems to be instead, or null.</summary>
    public static string? Recognize(byte[] bytes)
    {
        if (bytes.Length == 0)
            return "the file is empty";
        if (bytes is not [DerSequence, ..])
            return "the file is neither DER nor PEM nor base64";
        if (OcspRequest.TryDecode(bytes, out _, out _))
            return "this is an OCSP request";
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(bytes);
            return $"this is a certificate, '{certificate.Subject}'";
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The first certificate of a file.</summary>
    /// <exception cref="LabException">The file cannot be read, or holds no certificate.</exception>
    public static X509Certificate2 ReadCertificate(FileInfo file)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(ReadDer(file, "CERTIFICATE"));
        }
        catch (CryptographicException exception)
        {
            throw new LabException(
                $"{file.FullName} is not a certificate in DER, PEM or base64: {exception.Message}",
                LabFailure.Usage,
                exception
            );
        }
    }

    private static byte[] ReadDer(FileInfo file, string label)
    {
        var bytes = Read(file);
        if (bytes is [DerSequence, ..])
            return bytes;
        var text = Encoding.Latin1.GetString(bytes is [0xef, 0xbb, 0xbf, ..] ? bytes[3..] : bytes);
        if (FindPem(text, label) is { } base64)
            text = base64;
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return bytes;
        }
    }

    // The block of that name; in a file with other names only, the first. Keys and chains often share a file.
    private static string? FindPem(string text, string label)
    {
        string? first = null;
        for (var start = 0; PemEncoding.TryFind(text.AsSpan(start), out var pem); )
        {
            var block = text.AsSpan(start)[pem.Base64Data].ToString();
            if (text.AsSpan(start)[pem.Label].SequenceEqual(label))
                return block;
            first ??= block;
            start += pem.Location.End.GetOffset(text.Length - start);
        }

        return first;
    }

    private static byte[] Read(FileInfo file)
    {
        if (Directory.Exists(file.FullName))
            throw new LabException($"{file.FullName} is a directory.", LabFailure.Usage);
        try
        {
            // A pipe has no length to look at beforehand.
            using var stream = file.OpenRead();
            using var content = new MemoryStream();
            var chunk = new byte[64 * 1024];
            for (int read; content.Length <= MaximumLength && (read = stream.Read(chunk)) > 0; )
                content.Write(chunk, 0, read);
            return content.Length <= MaximumLength
                ? content.ToArray()
                : throw new LabException(
                    $"{file.FullName} is larger than {MaximumLength} bytes: neither a response nor a certificate.",
                    LabFailure.Usage
                );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{file.FullName} cannot be read: {exception.Message}", LabFailure.Usage, exception);
        }
    }

    // Everything that is read here is a SEQUENCE; no text starts with its tag and a length.
    private const byte DerSequence = 0x30;

    // The door's own limit, with room for base64.
    private const int MaximumLength = 2 * OcspResponse.MaximumLength;
}
