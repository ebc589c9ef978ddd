using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Files;

namespace OcspLab.Keep.Certificates;

/// <summary>
/// A certificate on disk that others renew, behind symbolic links or not. What cannot be read, because it is being
/// written at this moment, is read again. Not thread-safe.
/// </summary>
internal sealed class CertificateFile(string path)
{
    private byte[]? _read;
    private FileStat? _stat;

    /// <summary>What is wrong with the file as it is now, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether there is another file by now that was not read yet; false where that cannot be told.</summary>
    public bool IsAnother => Fault is null && _stat is not null && FileStat.Of(path) is { } stat && stat != _stat;

    /// <summary>Reads the file, if it is another one than the last time.</summary>
    /// <returns>False where it is the same, or cannot be read.</returns>
    public bool TryReadChanged([NotNullWhen(true)] out LoadedCertificate? certificate)
    {
        certificate = null;
        try
        {
            // What replaces it is another file, even where a copy keeps the time.
            var stat = FileStat.Of(path);
            if (_read is not null && Fault is null && stat is not null && stat == _stat)
                return false;
            var bytes = File.ReadAllBytes(path);
            _stat = stat;
            var hash = SHA256.HashData(bytes);
            if (_read is not null && hash.AsSpan().SequenceEqual(_read))
            {
                Fault = null;
                return false;
            }

            certificate = LoadedCertificate.FromPem(System.Text.Encoding.UTF8.GetString(bytes));
            _read = hash;
            Fault = null;
            return true;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            Fault = $"{path}: {exception.Message}";
            return false;
        }
    }
}

/// <summary>A server's certificate and those that were with it.</summary>
internal sealed class LoadedCertificate : IDisposable
{
    private LoadedCertificate(X509Certificate2 leaf, X509Certificate2Collection chain) => (Leaf, Chain) = (leaf, chain);

    public X509Certificate2 Leaf { get; }

    /// <summary>All that were in the file.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>As <see cref="Stapling.Status.StapleStatus.Thumbprint"/> has it.</summary>
    public string Thumbprint => field ??= Leaf.GetCertHashString(HashAlgorithmName.SHA256);

    /// <exception cref="CryptographicException">There is none.</exception>
    public static LoadedCertificate FromPem(string pem)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        return chain.Count > 0
            ? new LoadedCertificate(chain[0], chain)
            : throw new CryptographicException("there is no certificate in PEM");
    }

    // The issuers may be held by whoever was given them.
    public void Dispose() => Leaf.Dispose();
}
