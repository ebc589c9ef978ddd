using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Signatures;

namespace OcspLab.Stapling.Certificates;

/// <summary>
/// Finds the certificate of a certificate's issuer among those at hand, those in the files of the settings and the
/// system's, and believes none whose key did not sign it. Never downloads. Thread-safe.
/// </summary>
internal sealed class IssuerFinder(IOptionsMonitor<StaplingOptions> options)
{
    // A server has many certificates of few authorities, and what is decoded of an authority is kept with its object.
    private readonly ConcurrentDictionary<string, X509Certificate2> _issuers = new(StringComparer.Ordinal);
    private volatile X509Certificate2Collection _configured = [];

    /// <summary>Looks everywhere. It may take a while: the system's authorities are on disk.</summary>
    public X509Certificate2? Find(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand) =>
        FindInMemory(certificate, atHand) ?? (certificate.FindIssuerInSystem() is { } issuer ? Remember(issuer) : null);

    /// <summary>Looks among those at hand, those of the files as they were read last, and those found before.</summary>
    public X509Certificate2? FindInMemory(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        // Renewed or cross-signed ones with the same name and key answer for the same certificates; the last to expire
        // does so longest.
        var issuer = atHand
            .Concat(_configured)
            .Concat(_issuers.Values)
            .Where(candidate => certificate.IsIssuedBy(candidate))
            .MaxBy(candidate => candidate.NotAfter);
        return issuer is null ? null : Remember(issuer);
    }

    private X509Certificate2 Remember(X509Certificate2 issuer) =>
        _issuers.GetOrAdd(Convert.ToHexString(SHA256.HashData(issuer.RawDataMemory.Span)), _ =>
            X509CertificateLoader.LoadCertificate(issuer.RawData)
        );

    /// <summary>
    /// Reads the files of <see cref="StaplingOptions.Issuers"/>, which may have been mended since. One that cannot be
    /// read is passed over: who misses a certificate is told the names of the files.
    /// </summary>
    public void ReadFiles()
    {
        var certificates = new X509Certificate2Collection();
        foreach (var file in options.CurrentValue.Issuers)
        {
            try
            {
                certificates.ImportFromPemFile(file);
            }
            catch (Exception exception)
                when (exception
                        is IOException
                            or UnauthorizedAccessException
                            or CryptographicException
                            or ArgumentException
                )
            {
                continue;
            }
        }

        _configured = certificates;
    }
}
