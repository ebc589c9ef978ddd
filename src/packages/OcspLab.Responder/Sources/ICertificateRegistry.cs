namespace OcspLab.Responder.Sources;

/// <summary>What one authority issued and revoked, to be read and changed. Thread-safe.</summary>
public interface ICertificateRegistry
{
    /// <summary>Every certificate, newest last.</summary>
    Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Adds a certificate; one that is there already stays as it is, its revocation too.</summary>
    /// <exception cref="IOException">It could not be stored.</exception>
    Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken);

    /// <summary>
    /// Registers many at once, all of them or none. One that is there already stays as it is, but is revoked where it
    /// comes revoked and was not.
    /// </summary>
    /// <exception cref="IOException">They could not be stored.</exception>
    Task<ImportResult> ImportAsync(
        IReadOnlyCollection<RegisteredCertificate> certificates,
        CancellationToken cancellationToken
    );

    /// <summary>Removes certificates that have expired before a time, revoked ones too.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="IOException">It could not be stored.</exception>
    Task<int> PurgeAsync(DateTimeOffset expiredBefore, CancellationToken cancellationToken);

    /// <summary>
    /// Revokes the certificate with this serial, or the newest with this name. Revoking again changes the reason, and
    /// the times only where they are given. When this returns it is stored for good.
    /// </summary>
    /// <returns>The certificate as it now stands, or null when there is none.</returns>
    /// <exception cref="IOException">It could not be stored.</exception>
    /// <exception cref="ArgumentException">removeFromCRL is no reason, and nobody is revoked in the future.</exception>
    Task<RegisteredCertificate?> RevokeAsync(
        string nameOrSerial,
        Revocation revocation,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Takes a revocation back. A lab's licence: RFC 5280 §5.3.1 knows that only for certificateHold.
    /// </summary>
    /// <returns>The certificate as it now stands, or null when there is none.</returns>
    /// <exception cref="IOException">It could not be stored.</exception>
    Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken);
}
