using OcspLab.Lab.Commands;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Services;
using OcspLab.Lab.Topology;
using OcspLab.Responder.Admin;

namespace OcspLab.Lab.Fleets;

/// <summary>
/// A fleet in processes of its own: sites with this project's stapling behind HAProxy, their staples in Redis, two
/// responders behind the same HAProxy, their certificates and answers in PostgreSQL. Every part may be killed and
/// started again. A name server and the authority are in this process.
/// </summary>
public sealed class FleetLab : IAsyncDisposable
{
    private readonly string _folder;
    private readonly TimeProvider _clock;
    private readonly LabFoundation _foundation;
    private readonly FleetProcesses _parts;

    private FleetLab(string folder, LabTopology topology, FleetPorts ports, TimeProvider clock, Action<string> progress)
    {
        _folder = folder;
        _clock = clock;
        Topology = topology;
        _parts = new FleetProcesses(new FleetRecipe(topology, ports, folder), clock);
        _foundation = new LabFoundation(topology.LogDirectory, clock, (name, why) => progress($"{name}: {why}"));
    }

    /// <summary>Names, ports and files. <see cref="LabPorts.Kestrel"/> is the port of all sites.</summary>
    public LabTopology Topology { get; }

    /// <summary>What may be killed: the sites, then what they depend on. HAProxy is not among them.</summary>
    public IReadOnlyList<string> Parts => [.. _parts.Expendable.Where(IsSite), .. _parts.Expendable.Where(IsNoSite)];

    /// <summary>The root that clients trust.</summary>
    public string RootFile => Topology.CreatePki(_clock).Root.Certificate;

    /// <summary>
    /// Makes and starts all of it. When this returns every site listens, which it does when it has its staple or has
    /// waited for it in vain.
    /// </summary>
    /// <param name="sites">How many.</param>
    /// <param name="validity">How long the responders' answers last.</param>
    /// <param name="clock">The time.</param>
    /// <param name="progress">Is told what is being started, and what goes wrong.</param>
    /// <param name="cancellationToken">Ends it early; nothing is left then.</param>
    /// <exception cref="LabException">A program is missing, or does not come up.</exception>
    public static async Task<FleetLab> StartAsync(
        int sites,
        TimeSpan validity,
        TimeProvider clock,
        Action<string> progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(progress);
        if (FleetPrograms.Missing is { } missing)
            throw new LabException(missing);
        var folder = ScratchFolder.Create("ocsplab-fleet-");
        var free = PortCheck.FindFree(FleetPorts.Others + sites + 1);
        var ports = new FleetPorts([.. free.Skip(1)]);
        var topology = new LabTopology
        {
            Directory = Path.Combine(folder, "lab"),
            Ports = new LabPorts
            {
                Dns = free[0],
                Responder = ports.ResponderBalancer,
                ResponderAdmin = ports.ResponderAdmins[0],
                Kestrel = ports.Balancer,
            },
            Validity = validity,
            Backdate = TimeSpan.FromSeconds(1),
        };
        var fleet = new FleetLab(folder, topology, ports, clock, progress);
        try
        {
            await fleet.StartAsync(progress, cancellationToken).ConfigureAwait(false);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Kills a part.</summary>
    /// <param name="name">One of <see cref="Parts"/>.</param>
    public Task KillAsync(string name) => _parts[name].KillAsync();

    /// <summary>Starts a part again; when this returns, it listens.</summary>
    /// <param name="name">One of <see cref="Parts"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LabException">It does not come up.</exception>
    public Task StartAgainAsync(string name, CancellationToken cancellationToken) =>
        _parts[name].StartAsync(cancellationToken);

    /// <summary>Revokes the certificate of all sites.</summary>
    public async Task RevokeAsync(CancellationToken cancellationToken)
    {
        using var admin = CreateAdmin();
        await admin
            .RevokeAsync(LabTopology.SiteCertificate, Ocsp.Responses.RevocationReason.Superseded, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Has one site ask its responder.</summary>
    /// <exception cref="LabException">It does not answer.</exception>
    public Task RefreshOneAsync(CancellationToken cancellationToken) =>
        SiteClient.RefreshAsync(
            LabTopology.SiteHost,
            _parts[LabTopology.FleetSite(0)].Port,
            RootFile,
            cancellationToken
        );

    /// <summary>The port of a part.</summary>
    /// <param name="name">One of <see cref="Parts"/>.</param>
    public int PortOf(string name) => _parts[name].Port;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _parts.DisposeAsync().ConfigureAwait(false);
        await _foundation.DisposeAsync().ConfigureAwait(false);
        await ScratchFolder.DeleteAsync(_folder, _clock).ConfigureAwait(false);
    }

    private static bool IsSite(string name) => name.StartsWith("site-", StringComparison.Ordinal);

    private static bool IsNoSite(string name) => !IsSite(name);

    private ResponderAdminClient CreateAdmin() => new(Topology.AdminUrl, AdminToken.Load(Topology.AdminTokenFile));

    private async Task StartAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Topology.LogDirectory);
        progress("making the certificates");
        var certificates = await Task.Run(Topology.CreatePki(_clock).Ensure, cancellationToken).ConfigureAwait(false);
        await _foundation.StartDnsAsync(Topology, cancellationToken).ConfigureAwait(false);
        progress("starting Redis and PostgreSQL");
        await _parts.StartStoresAsync(cancellationToken).ConfigureAwait(false);
        progress("starting two responders");
        await _parts.StartRespondersAsync(cancellationToken).ConfigureAwait(false);
        using (var admin = CreateAdmin())
            await admin.RegisterAsync(certificates, _clock, cancellationToken).ConfigureAwait(false);
        progress("starting the sites");
        await _parts.StartSitesAsync(cancellationToken).ConfigureAwait(false);
    }
}
