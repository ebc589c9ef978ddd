using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Lab;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Services;
using OcspLab.Lab.Topology;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>
/// What an authority needs while its application runs: its folder for itself, its ports, a signer that does not end.
/// </summary>
internal sealed class AuthorityRun(
    CertificateAuthorityResource authority,
    Func<bool> hasTool,
    ILogger<AuthorityRun> logger,
    ILogger<SignerRenewal> renewalLogger
) : BackgroundService
{
    private LabState? _state;

    /// <summary>Makes sure of all that before the orchestrator begins.</summary>
    /// <exception cref="DistributedApplicationException">
    /// Another application uses the folder, a port is taken, or <c>ocsplab</c> is not here.
    /// </exception>
    /// <param name="model">The whole application.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task PrepareAsync(DistributedApplicationModel model, CancellationToken cancellationToken)
    {
        if (!hasTool() && (authority.Responder is not null || authority.NameServer is not null))
            throw new DistributedApplicationException(OcspLabTool.Missing);
        RequireSites();
        RequirePorts(model);
        try
        {
            _state = LabState.Claim(Found(model), LabHost.Aspire);
        }
        catch (LabException exception)
        {
            throw new DistributedApplicationException(exception.Message, exception);
        }

        // Only now is it sure that the nginx over the folder is nobody's.
        if (authority.Sites.Any(site => site.Resource is IStaplingNginxResource))
            await NginxLeftover
                .RemoveAsync(authority.Topology.NginxDirectory, TimeProvider.System, cancellationToken)
                .ConfigureAwait(false);
        if (authority.Topology.ContainerGateway is { } gateway)
            logger.ListensBeyond(authority.Name, gateway.Equals(IPAddress.Any) ? "every address" : gateway.ToString());
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _state?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The responder reads the files again; making them is the authority's.
        using var renewal = new SignerRenewal(authority.Pki, TimeProvider.System, renewalLogger);
        await renewal.StartAsync(stoppingToken).ConfigureAwait(false);
        await (renewal.ExecuteTask ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // A proxy's port is the orchestrator's to take.
    private static IEnumerable<EndpointAnnotation> FixedPorts(IResource resource) =>
        resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.Port is not null);

    // What would only be an unhealthy site later, and no reason.
    private void RequireSites()
    {
        foreach (var site in authority.Sites)
            _ = StapledCertificateBuilderExtensions.Https(site.Resource);
        if (authority.Sites.Count > 0 && authority.Responder is null)
            logger.NoResponder(authority.Name);
        if (authority.NameServer is null && Uri.CheckHostName(authority.Topology.OcspHost) == UriHostNameType.Dns)
            logger.NoNameServer(authority.Topology.OcspHost);
    }

    // As other commands find it in the folder: of the sites, the first two; the console by its name, as it is not ours.
    private LabTopology Found(DistributedApplicationModel model)
    {
        var ports = authority
            .Sites.Where(site => site.Resource is not IStaplingNginxResource)
            .Select(site => StapledCertificateBuilderExtensions.FixedPortOf(site.Resource))
            .OfType<int>()
            .ToArray();
        var known = authority.Topology.Ports;
        var console = model
            .Resources.Where(resource => resource.Name == LabTopology.Console)
            .SelectMany(FixedPorts)
            .FirstOrDefault();
        return authority.Topology with
        {
            Ports = known with
            {
                Kestrel = ports.ElementAtOrDefault(0) is > 0 and var first ? first : known.Kestrel,
                KestrelBuiltIn = ports.ElementAtOrDefault(1) is > 0 and var second ? second : known.KestrelBuiltIn,
                Console = console?.Port ?? known.Console,
            },
        };
    }

    // The orchestrator would start everything, and nothing would say why it ends.
    private void RequirePorts(DistributedApplicationModel model)
    {
        IEnumerable<IResource> servers =
        [
            .. new IResource?[] { authority.NameServer, authority.Responder }.OfType<IResource>(),
            .. authority.Sites.Select(site => site.Resource),
        ];
        foreach (var server in servers)
        foreach (var endpoint in FixedPorts(server))
        {
            if (endpoint.Port is not { } port)
                continue;
            var kind =
                server is NameServerResource ? LabTopology.Dns
                : server is IStaplingNginxResource ? LabTopology.Nginx
                : server.Name;
            var other = model.Resources.FirstOrDefault(resource =>
                resource != server && FixedPorts(resource).Any(endpoint => endpoint.Port == port)
            );
            if (other is not null)
                throw new DistributedApplicationException(
                    $"Port {port} is given twice: to '{server.Name}' and to '{other.Name}'."
                );
            if (PortCheck.Refusal(new LabPort(kind, port, "")) is { } error)
                throw new DistributedApplicationException(
                    $"Port {port} of '{server.Name}' cannot be had: {error}. End who listens there, or give "
                        + $"'{server.Name}' another one."
                );
        }
    }
}
