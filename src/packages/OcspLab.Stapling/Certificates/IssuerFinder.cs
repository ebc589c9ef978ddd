using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Stapling.Certificates;

/// <summary>
/// Finds the certificate of a certificate's issuer among those at hand and the system's. Never downloads. Thread-safe.
/// </summary>
internal sealed class IssuerFinder
{
    // A server has many certificates of few authorities, and what is decoded of an authority is kept with its object.
    private readonly ConcurrentDictionary<string, X509Certificate2> _issuers = new(StringComparer.Ordinal);

    public X509Certificate2? Find(X509Certificate2 certificate, IReadOnlyCollection<X509Certificate2> atHand)
    {
        var issuer = FindByName(certificate, atHand) ?? FindByChain(certificate, atHand);
        return issuer is null
            ? null
            : _issuers.GetOrAdd(
                Convert.ToHexString(SHA256.HashData(issuer)),
                _ => X509CertificateLoader.LoadCertificate(issuer)
            );
    }

    // The usual case, and a hundred times as fast as a chain: one authority of that name and with that key is at hand
    // (RFC 5280 §4.2.1.1).
    private static byte[]? FindByName(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        if (
            certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier
            is not { } keyIdentifier
        )
            return null;
        var name = certificate.IssuerName.RawData;
        byte[]? found = null;
        foreach (var candidate in atHand)
        {
            if (!name.AsSpan().SequenceEqual(candidate.SubjectName.RawData) || !HasKey(candidate, keyIdentifier.Span))
                continue;
            // Renewed or cross-signed: which of them it is takes a closer look.
            if (found is not null && !found.AsSpan().SequenceEqual(candidate.RawDataMemory.Span))
                return null;
            found = candidate.RawData;
        }

        return found;
    }

    private static bool HasKey(X509Certificate2 candidate, ReadOnlySpan<byte> keyIdentifier) =>
        candidate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } own
        && own.SubjectKeyIdentifierBytes.Span.SequenceEqual(keyIdentifier);

    private static byte[]? FindByChain(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllFlags;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        foreach (var candidate in atHand)
            chain.ChainPolicy.ExtraStore.Add(candidate);
        chain.Build(certificate);
        return chain.ChainElements.Count > 1 ? chain.ChainElements[1].Certificate.RawData : null;
    }
}
