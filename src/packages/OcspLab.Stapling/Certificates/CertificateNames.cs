using System.Security.Cryptography.X509Certificates;

namespace OcspLab.Stapling.Certificates;

/// <summary>What a certificate can be called in the settings, most exact first.</summary>
internal static class CertificateNames
{
    /// <summary>
    /// The certificate for people: its first name or else its subject, and the serial number that tells it from others
    /// of the same name.
    /// </summary>
    public static string Describe(X509Certificate2 certificate)
    {
        var name = certificate
            .Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames())
            .FirstOrDefault(certificate.Subject);
        return $"{name} (serial {certificate.SerialNumber.ToLowerInvariant()})";
    }

    /// <summary>The host names that it is for, as they stand in it.</summary>
    public static IReadOnlyList<string> HostsOf(X509Certificate2 certificate)
    {
        var names = certificate
            .Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames())
            .ToList();
        // A certificate for tests and closed networks may have nothing else.
        if (
            names.Count == 0
            && certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } commonName
        )
            names.Add(commonName);
        return names;
    }
}
