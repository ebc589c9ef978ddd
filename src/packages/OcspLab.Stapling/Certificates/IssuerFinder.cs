using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Signatures;

namespace OcspLab.Stapling.Certificates;

/// <summary>
/// Finds the certificate of a certificate's issuer among those at hand and the system's, and believes none whose key
/// did not sign it. Never downloads. Thread-safe.
/// </summary>
internal sealed class IssuerFinder
{
    // A server has many certificates of few authorities, and what is decoded of an authority is kept with its object.
    private readonly ConcurrentDictionary<string, X509Certificate2> _issuers = new(StringComparer.Ordinal);

    public X509Certificate2? Find(X509Certificate2 certificate, IReadOnlyCollection<X509Certificate2> atHand)
    {
        // Renewed or cross-signed ones with the same name and key answer for the same certificates; the last to expire
        // does so longest.
        var issuer =
            atHand
                .OrderByDescending(candidate => candidate.NotAfter)
                .FirstOrDefault(candidate => certificate.IsIssuedBy(candidate))
                ?.RawData
            ?? FindInSystem(certificate);
        return issuer is null
            ? null
            : _issuers.GetOrAdd(
                Convert.ToHexString(SHA256.HashData(issuer)),
                _ => X509CertificateLoader.LoadCertificate(issuer)
            );
    }

    private static byte[]? FindInSystem(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllFlags;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.Build(certificate);
        return chain.ChainElements.Count > 1 && certificate.IsIssuedBy(chain.ChainElements[1].Certificate)
            ? chain.ChainElements[1].Certificate.RawData
            : null;
    }
}
