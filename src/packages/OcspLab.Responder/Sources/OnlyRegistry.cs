namespace OcspLab.Responder.Sources;

/// <summary>
/// The registry of the only authority that has one, as a service: the container must not dispose of it, because
/// somebody else owns it.
/// </summary>
internal sealed class OnlyRegistry(ICertificateRegistry registry) : ICertificateRegistry
{
    public Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
        registry.ListAsync(cancellationToken);

    public Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken) =>
        registry.RegisterAsync(certificate, cancellationToken);

    public Task<ImportResult> ImportAsync(
        IReadOnlyCollection<RegisteredCertificate> certificates,
        CancellationToken cancellationToken
    ) => registry.ImportAsync(certificates, cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset expiredBefore, CancellationToken cancellationToken) =>
        registry.PurgeAsync(expiredBefore, cancellationToken);

    public Task<RegisteredCertificate?> RevokeAsync(
        string nameOrSerial,
        Revocation revocation,
        CancellationToken cancellationToken
    ) => registry.RevokeAsync(nameOrSerial, revocation, cancellationToken);

    public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
        registry.RestoreAsync(nameOrSerial, cancellationToken);
}
