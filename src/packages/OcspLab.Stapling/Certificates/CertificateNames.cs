using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Stapling.Certificates;

/// <summary>What a certificate can be called in the settings, most exact first.</summary>
internal static class CertificateNames
{
    public static IReadOnlyList<string> Of(X509Certificate2 certificate)
    {
        var names = new List<string> { StapleSlot.KeyOf(certificate), certificate.Thumbprint };
        var alternatives = certificate
            .Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames())
            .ToList();
        names.AddRange(alternatives);
        // A certificate for tests and closed networks may have nothing else.
        if (
            alternatives.Count == 0
            && certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } commonName
        )
            names.Add(commonName);
        return names;
    }
}
