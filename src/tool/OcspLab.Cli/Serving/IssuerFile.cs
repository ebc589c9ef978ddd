using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OcspLab.Lab;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Settings;

namespace OcspLab.Cli.Serving;

/// <summary>The certificate of a bundle that issued the signer, or is the signer, in a file of its own.</summary>
internal sealed class IssuerFile : IDisposable
{
    private readonly string? _path;

    public IssuerFile(AuthorityOptions authority)
    {
        var bundle = new X509Certificate2Collection();
        try
        {
            bundle.ImportFromPemFile(authority.IssuerCertificate);
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"{authority.IssuerCertificate} cannot be read: {exception.Message}",
                LabFailure.Configuration,
                exception
            );
        }

        if (bundle.Count == 0)
            throw new LabException(
                $"{authority.IssuerCertificate} holds no certificate in PEM.",
                LabFailure.Configuration
            );
        Name = Describe(bundle[0]);
        if (bundle.Count < 2)
            return;
        var issuer = bundle.FirstOrDefault(certificate => SignsFor(authority.Signers[0], certificate))
            ?? throw new LabException(
                $"None of the {bundle.Count} certificates in {authority.IssuerCertificate} is one that "
                    + $"{authority.Signers[0].Certificate} may sign for (RFC 6960 §4.2.2.2).",
                LabFailure.Configuration
            );
        Name = Describe(issuer);
        _path = Path.GetTempFileName();
        File.WriteAllText(_path, issuer.ExportCertificatePem());
        authority.IssuerCertificate = _path;
    }

    /// <summary>What people call the authority.</summary>
    public string Name { get; }

    public void Dispose()
    {
        if (_path is not null)
            File.Delete(_path);
    }

    // A colon would part it in two as a key of settings.
    private static string Describe(X509Certificate2 issuer) =>
        issuer.GetNameInfo(X509NameType.SimpleName, forIssuer: false).Replace(':', ' ');

    private static bool SignsFor(SignerOptions files, X509Certificate2 issuer)
    {
        try
        {
            using var _ = new Signer(files, issuer, TimeProvider.System.GetUtcNow());
            return true;
        }
        catch (InvalidOperationException exception) when (exception.InnerException is null)
        {
            // Judged, and not believed for this issuer; a file that cannot be read is told as it is.
            return false;
        }
        catch (InvalidOperationException exception)
        {
            throw new LabException(exception.Message, LabFailure.Configuration, exception);
        }
    }
}
