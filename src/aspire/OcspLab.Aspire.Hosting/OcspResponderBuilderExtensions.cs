using Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.Stapling;
using OcspLab.Lab.Health;
using OcspLab.Lab.Topology;

namespace Aspire.Hosting;

/// <summary>Adds the responder and the name server of a certificate authority.</summary>
public static class OcspResponderBuilderExtensions
{
    /// <summary>
    /// Adds a live responder for all certificates of the authority, which name it from now on. Its commands in the
    /// dashboard revoke and restore certificates, renew the signer, and make it misbehave.
    /// </summary>
    /// <param name="authority">The authority.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="port">
    /// The port of 127.0.0.1 on which it is asked. It is part of the URL in the certificates.
    /// </param>
    /// <param name="adminPort">The port of 127.0.0.1 for the admin API.</param>
    /// <param name="hostName">
    /// The host in that URL, or null for 127.0.0.1. A name needs somebody who knows it:
    /// <see cref="AddNameServer"/>.
    /// </param>
    public static IResourceBuilder<OcspResponderResource> AddOcspResponder(
        this IResourceBuilder<CertificateAuthorityResource> authority,
        [ResourceName] string name,
        int port = 8888,
        int adminPort = 8889,
        string? hostName = null
    )
    {
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfEqual(adminPort, port);
        var builder = authority.ApplicationBuilder;
        var owner = authority.Resource;
        if (owner.Responder is { } known)
            throw new InvalidOperationException($"'{owner.Name}' has a responder already: '{known.Name}'.");
        owner.Topology = owner.Topology with
        {
            OcspInCertificates = OcspInCertificates.Yes,
            OcspHost = hostName ?? "127.0.0.1",
            Ports = owner.Topology.Ports with { Responder = port, ResponderAdmin = adminPort },
        };
        var tool = OcspLabTool.Find(builder);
        var responder = new OcspResponderResource(name, tool.Command, builder.AppHostDirectory, owner);
        owner.Add(responder);
        return builder
            .AddResource(responder)
            .WithArgs([.. tool.Arguments, "responder", "service"])
            .WithHttpEndpoint(port: port, name: OcspResponderResource.OcspEndpointName, isProxied: false)
            .WithHttpEndpoint(port: adminPort, name: OcspResponderResource.AdminEndpointName, isProxied: false)
            .WithUrlForEndpoint(OcspResponderResource.OcspEndpointName, url => url.DisplayText = "OCSP")
            .WithUrlForEndpoint(OcspResponderResource.AdminEndpointName, url =>
                (url.DisplayText, url.Url) = ("Admin API", "/openapi/v1.json")
            )
            .WithUrlForEndpoint(OcspResponderResource.AdminEndpointName, admin => new ResourceUrlAnnotation
            {
                Url = $"{admin.Url}/health",
                DisplayText = "Health",
            })
            .WithOtlpExporter()
            .WithSettings(owner.Directory, () => owner.Topology.SettingsOf(LabTopology.Responder))
            .WithoutExportRetry()
            .WithCheck(() => LabHealth.CheckOf(owner.Topology, LabTopology.Responder, TimeProvider.System)!)
            .WithResponderCommands()
            .WithIconName("ShieldTask")
            .WithParentRelationship(authority)
            .WaitFor(authority);
    }

    /// <summary>How long a response is good for (nextUpdate, RFC 6960 §4.2.2.1). Default one hour.</summary>
    /// <param name="responder">The responder.</param>
    /// <param name="lifetime">Ten seconds to ten days.</param>
    public static IResourceBuilder<OcspResponderResource> WithResponseLifetime(
        this IResourceBuilder<OcspResponderResource> responder,
        TimeSpan lifetime
    )
    {
        ArgumentNullException.ThrowIfNull(responder);
        ArgumentOutOfRangeException.ThrowIfLessThan(lifetime, MinimumLifetime);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, MaximumLifetime);
        var authority = responder.Resource.Authority;
        authority.Topology = authority.Topology with { Validity = lifetime };
        return responder;
    }

    /// <summary>
    /// Leaves the responder out of the certificates, as most public authorities do by now: nothing can be stapled then.
    /// </summary>
    /// <param name="responder">The responder.</param>
    public static IResourceBuilder<OcspResponderResource> WithoutUrlInCertificates(
        this IResourceBuilder<OcspResponderResource> responder
    )
    {
        ArgumentNullException.ThrowIfNull(responder);
        var authority = responder.Resource.Authority;
        authority.Topology = authority.Topology with { OcspInCertificates = OcspInCertificates.No };
        return responder;
    }

    /// <summary>
    /// Adds a name server that knows the hosts of the authority's certificates and of its responder: all of them are
    /// this machine. Whoever is given a stapled certificate asks it.
    /// </summary>
    /// <param name="authority">The authority.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="port">The port of 127.0.0.1, over UDP and TCP.</param>
    public static IResourceBuilder<NameServerResource> AddNameServer(
        this IResourceBuilder<CertificateAuthorityResource> authority,
        [ResourceName] string name,
        int port = 5533
    )
    {
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var builder = authority.ApplicationBuilder;
        var owner = authority.Resource;
        if (owner.NameServer is { } known)
            throw new InvalidOperationException($"'{owner.Name}' has a name server already: '{known.Name}'.");
        owner.Topology = owner.Topology with { Ports = owner.Topology.Ports with { Dns = port } };
        var tool = OcspLabTool.Find(builder);
        var server = new NameServerResource(name, tool.Command, builder.AppHostDirectory);
        owner.Add(server);
        return builder
            .AddResource(server)
            .WithArgs([.. tool.Arguments, "dns"])
            .WithEndpoint(NameServerResource.DnsEndpointName, endpoint =>
            {
                endpoint.Protocol = System.Net.Sockets.ProtocolType.Udp;
                endpoint.UriScheme = "udp";
                endpoint.Port = endpoint.TargetPort = port;
                endpoint.IsProxied = false;
                // A container that references a UDP endpoint of this machine waits for ever.
                endpoint.ExcludeReferenceEndpoint = true;
            })
            .WithOtlpExporter()
            .WithSettings(owner.Directory, () => DnsSettings(owner))
            .WithoutExportRetry()
            .WithCheck(() => new DnsHealthCheck(port, NamesOf(owner)[0]))
            .WithIconName("Globe")
            .WithParentRelationship(authority);
    }

    private static Dictionary<string, string> DnsSettings(CertificateAuthorityResource authority)
    {
        var names = NamesOf(authority);
        return new(authority.Topology.SettingsOf(LabTopology.Dns))
        {
            // Of each name everything below it as well: that is NXDOMAIN and not somebody else's to answer.
            ["Dns:Zones"] = string.Join(',', names),
            ["Dns:Names"] = string.Join(',', names),
        };
    }

    private static IReadOnlyList<string> NamesOf(CertificateAuthorityResource authority) =>
        [
            .. authority
                .Orders.SelectMany(order => order.HostNames)
                .Prepend(authority.Topology.OcspHost)
                .Where(host => Uri.CheckHostName(host) == UriHostNameType.Dns && host != "localhost")
                .Distinct()
                .DefaultIfEmpty("ocsplab.test"),
        ];

    // Those of the responder's own setting.
    private static readonly TimeSpan MinimumLifetime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaximumLifetime = TimeSpan.FromDays(10);
}
