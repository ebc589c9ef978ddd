using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Lab;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.AppHost;

/// <summary>The lab as an Aspire application: the integration's resources, and two sites.</summary>
internal static class AspireLab
{
    /// <summary>Runs it, or publishes its manifest.</summary>
    /// <param name="topology">The lab.</param>
    /// <param name="args">The command line, of which Aspire reads its part.</param>
    /// <param name="duration">How long after its start it takes itself down, or null.</param>
    /// <param name="cancellationToken">Takes it down.</param>
    /// <exception cref="LabException">A port is taken, or nginx cannot be had as it was asked for.</exception>
    public static async Task RunAsync(
        LabTopology topology,
        string[] args,
        TimeSpan? duration,
        CancellationToken cancellationToken
    )
    {
        DashboardAddresses.SetDefaults();
        var builder = DistributedApplication.CreateBuilder(args);
        // When this program has ended, so have they all.
        builder.Configuration["DcpPublisher:WaitForResourceCleanup"] ??= "true";
        builder.Services.AddLogging(logging =>
            // The dashboard's calls, one by one.
            logging.AddFilter("Grpc", LogLevel.Warning).AddFilter("Microsoft.AspNetCore", LogLevel.Error)
        );
        if (builder.ExecutionContext.IsRunMode)
        {
            PortCheck.Require(topology);
            topology.CreatePki(TimeProvider.System).CheckKeys();
            builder.Services.AddHostedService(services =>
                ActivatorUtilities.CreateInstance<LogFiles>(services, topology)
            );
        }

        var fleet =
            topology.FleetPorts is { } fleetPorts && builder.ExecutionContext.IsRunMode
                ? new AspireFleet(builder, topology, fleetPorts)
                : null;
        await ComposeAsync(builder, topology, fleet);
        AddConsole(builder, topology);
        try
        {
            await using var application = builder.Build();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (duration is { } limit)
                application
                    .Services.GetRequiredService<IHostApplicationLifetime>()
                    .ApplicationStarted.Register(() => ending.CancelAfter(limit));
            await application.RunAsync(ending.Token);
        }
        catch (DistributedApplicationException exception)
        {
            throw new LabException(exception.Message, LabFailure.Unavailable, exception);
        }
        finally
        {
            if (fleet is not null)
                await fleet.RemoveAsync();
        }
    }

    private static async Task ComposeAsync(
        IDistributedApplicationBuilder builder,
        LabTopology topology,
        AspireFleet? fleet
    )
    {
        var ports = topology.Ports;
        var authority = builder
            .AddCertificateAuthority(LabTopology.Pki, topology.Directory)
            .WithCertificate(LabTopology.SiteCertificate, LabTopology.SiteHost, $"www.{LabTopology.SiteHost}")
            .WithMustStapleCertificate("echo-must-staple", LabTopology.SiteHost, $"www.{LabTopology.SiteHost}")
            .WithClientCertificate("alice");
        _ = topology.KeyAlgorithm switch
        {
            KeyAlgorithm.Ecdsa => authority.WithEcdsaKeys(),
            KeyAlgorithm.Rsa => authority.WithRsaKeys(),
            _ => authority,
        };
        authority.AddNameServer(LabTopology.Dns, ports.Dns);
        var responder = authority
            .AddOcspResponder(
                LabTopology.Responder,
                ports.Responder,
                ports.ResponderAdmin,
                hostName: LabTopology.ResponderHost
            )
            .WithResponseLifetime(topology.Validity);
        if (topology.OcspInCertificates == OcspInCertificates.No)
            responder.WithoutUrlInCertificates();

        var kestrel = AddSite(builder, LabTopology.Kestrel, ports.Kestrel)
            .WithStapledCertificate(authority, LabTopology.SiteHost)
            .WithRefreshStaplesCommand()
            .WithUrlForEndpoint("https", site => new ResourceUrlAnnotation
            {
                Url = $"{site.Url}/ocsp-stapling",
                DisplayText = "Staple status",
            });
        AddSite(builder, LabTopology.KestrelBuiltIn, ports.KestrelBuiltIn)
            .WithStapledCertificate(authority, LabTopology.SiteHost)
            // The runtime asks about a certificate only when it finds the root of its chain, and knows only the
            // system's resolver.
            .WithRootInChain()
            .WithEnvironment("Site__Stapling", "BuiltIn")
            .WithEnvironment("Site__ResponderHost", LabTopology.ResponderHost)
            .WithEnvironment("Site__ResponderAddress", responder.Resource.OcspEndpoint)
            .WithParentRelationship(kestrel);

        if (fleet is not null)
            await fleet.AddAsync(responder);
        if (topology.NginxSource == NginxSource.Off)
            return;
        try
        {
            await builder.AddStaplingNginxAsync(
                LabTopology.Nginx,
                authority,
                LabTopology.SiteHost,
                ports.Nginx,
                Enum.Parse<StaplingNginxSource>(topology.NginxSource.ToString()),
                topology.NginxImage
            );
        }
        catch (DistributedApplicationException exception) when (topology.NginxSource == NginxSource.Auto)
        {
            await Console.Error.WriteLineAsync(exception.Message);
        }
        catch (DistributedApplicationException exception)
        {
            throw new LabException(exception.Message, LabFailure.Unavailable, exception);
        }
    }

    private static void AddConsole(IDistributedApplicationBuilder builder, LabTopology topology)
    {
        // It is about a lab that runs.
        if (!builder.ExecutionContext.IsRunMode)
            return;
        var token = RandomNumberGenerator.GetHexString(48, lowercase: true);
        var address = $"http://127.0.0.1:{topology.Ports.Console}/login?token={token}";
        builder
            .AddProject<Projects.OcspLab_LabConsole>(LabTopology.Console, project =>
                (project.ExcludeLaunchProfile, project.ExcludeKestrelEndpoints) = (true, true)
            )
            .WithArgs($"--Console:Lab={topology.Directory}", $"--Console:Port={topology.Ports.Console}")
            .WithEnvironment("Console__Token", token)
            .WithHttpEndpoint(port: topology.Ports.Console, name: "http", isProxied: false)
            .WithUrlForEndpoint("http", url => (url.Url, url.DisplayText) = (address, "Watch the lab"))
            .WithIconName("DesktopPulse");
        Console.Out.WriteLine($"watch it: {address}");
    }

    private static IResourceBuilder<ProjectResource> AddSite(
        IDistributedApplicationBuilder builder,
        string name,
        int port
    ) =>
        builder
            .AddProject<Projects.OcspLab_Site>(name, project =>
                (project.ExcludeLaunchProfile, project.ExcludeKestrelEndpoints) = (true, true)
            )
            .WithHttpsEndpoint(port: port, name: "https", isProxied: false)
            .WithUrlForEndpoint("https", url => url.DisplayText = LabTopology.SiteHost)
            .WithIconName("GlobeShield");
}
