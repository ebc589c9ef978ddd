using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Stapling;

/// <summary>Finds the certificate of a certificate's issuer among those at hand and the system's. Never downloads.</summary>
internal static class IssuerFinder
{
    public static X509Certificate2? Find(X509Certificate2 certificate, IEnumerable<X509Certificate2> atHand)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllFlags;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        foreach (var candidate in atHand)
            chain.ChainPolicy.ExtraStore.Add(candidate);
        chain.Build(certificate);
        // The chain disposes its elements' certificates; ours must outlive it.
        return chain.ChainElements.Count > 1 ? X509CertificateLoader.LoadCertificate(chain.ChainElements[1].Certificate.RawDataMemory.Span) : null;
    }
}
