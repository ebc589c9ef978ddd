using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Lab;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>
/// What an authority needs while its application runs: its folder for itself, its ports, a signer that does not end.
/// </summary>
internal sealed class AuthorityRun(
    CertificateAuthorityResource authority,
    bool hasTool,
    ILogger<AuthorityRun> logger,
    ILogger<SignerRenewal> renewalLogger
) : BackgroundService
{
    private LabState? _state;

    /// <summary>Makes sure of all that before the orchestrator begins.</summary>
    /// <exception cref="DistributedApplicationException">
    /// Another application uses the folder, a port is taken, or <c>ocsplab</c> is not here.
    /// </exception>
    public void Prepare()
    {
        if (!hasTool && authority.Responder is not null)
            throw new DistributedApplicationException(OcspLabTool.Missing);
        RequirePorts();
        try
        {
            _state = LabState.Claim(Found(), LabHost.Aspire);
        }
        catch (LabException exception)
        {
            throw new DistributedApplicationException(exception.Message, exception);
        }

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

    // As other commands find it in the folder: of the sites, the first two.
    private LabTopology Found()
    {
        var ports = authority
            .Sites.Where(site => site.Resource is not IStaplingNginxResource)
            .Select(site => StapledCertificateBuilderExtensions.FixedPortOf(site.Resource))
            .OfType<int>()
            .ToArray();
        var known = authority.Topology.Ports;
        return authority.Topology with
        {
            Ports = known with
            {
                Kestrel = ports.ElementAtOrDefault(0) is > 0 and var first ? first : known.Kestrel,
                KestrelBuiltIn = ports.ElementAtOrDefault(1) is > 0 and var second ? second : known.KestrelBuiltIn,
            },
        };
    }

    // The orchestrator would start everything, and nothing would say why it ends.
    private void RequirePorts()
    {
        IEnumerable<IResource> servers =
        [
            .. new IResource?[] { authority.NameServer, authority.Responder }.OfType<IResource>(),
            .. authority.Sites.Select(site => site.Resource),
        ];
        foreach (var server in servers)
        foreach (var endpoint in server.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.Port is not { } port)
                continue;
            var kind =
                server is NameServerResource ? LabTopology.Dns
                : server is IStaplingNginxResource ? LabTopology.Nginx
                : server.Name;
            if (PortCheck.Refusal(new LabPort(kind, port, "")) is { } error)
                throw new DistributedApplicationException(
                    $"Port {port} of '{server.Name}' cannot be had: {error}. End who listens there, or give "
                        + $"'{server.Name}' another one."
                );
        }
    }
}
