using OcspLab.Ocsp;

namespace OcspLab.Responder;

/// <summary>What was issued and revoked. An answer means that it is on disk. Thread-safe.</summary>
public interface ICertificateRegistry
{
    /// <summary>Every certificate, newest last.</summary>
    Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Adds a certificate; one that is there already stays as it is, its revocation too.</summary>
    Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken);

    /// <summary>Revokes the certificate with this serial, or the newest with this name. Revoking again changes the reason, not the time.</summary>
    /// <returns>The certificate as it now stands, or null when there is none.</returns>
    Task<RegisteredCertificate?> RevokeAsync(string nameOrSerial, RevocationReason reason, CancellationToken cancellationToken);

    /// <summary>Takes a revocation back. A lab's licence: RFC 5280 §5.3.1 knows that only for certificateHold.</summary>
    /// <returns>The certificate as it now stands, or null when there is none.</returns>
    Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken);
}
