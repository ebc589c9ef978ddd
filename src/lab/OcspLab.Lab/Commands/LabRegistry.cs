using OcspLab.Lab.Topology;
using OcspLab.Pki;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Sources;

namespace OcspLab.Lab.Commands;

/// <summary>The way to the lab's registry: the admin API while the lab runs, the database itself otherwise.</summary>
public static class LabRegistry
{
    /// <summary>Opens it.</summary>
    /// <exception cref="LabException">It is another user's, or database or token cannot be used.</exception>
    public static ICertificateRegistry Open(LabTopology topology, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(topology);
        LabState.RequireOwn(topology.Directory);
        try
        {
            return LabState.FindRunning(topology.Directory) is { } running
                ? new ResponderAdminClient(running.AdminUrl, AdminToken.LoadOrCreate(topology.AdminTokenFile))
                : new SqliteCertificateRegistry(topology.Database, clock);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabException(exception.Message, LabFailure.CannotCreate, exception);
        }
    }

    /// <summary>Opens it for those who only look, also at another user's.</summary>
    /// <exception cref="LabException">Database or token cannot be used.</exception>
    public static ICertificateRegistry OpenToRead(LabTopology topology, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(topology);
        try
        {
            return LabState.FindRunning(topology.Directory) is { Fleet: > 0 } running
                ? new ResponderAdminClient(running.AdminUrl, AdminToken.Load(running.AdminTokenFile))
                : new SqliteCertificateRegistry(topology.Database, clock);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabException(exception.Message, LabFailure.CannotCreate, exception);
        }
    }

    /// <summary>Tells the registry of certificates that the authority has made.</summary>
    public static async Task RegisterAsync(
        this ICertificateRegistry registry,
        IEnumerable<IssuedCertificate> certificates,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(clock);
        foreach (var certificate in certificates)
            await registry
                .RegisterAsync(
                    new RegisteredCertificate(
                        certificate.Name,
                        certificate.SerialNumber,
                        clock.GetUtcNow(),
                        certificate.NotAfter
                    ),
                    cancellationToken
                )
                .ConfigureAwait(false);
    }
}
