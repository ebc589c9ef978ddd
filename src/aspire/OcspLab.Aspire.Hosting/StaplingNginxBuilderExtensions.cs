using Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Aspire.Hosting.Stapling;
using OcspLab.Lab;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;

namespace Aspire.Hosting;

/// <summary>Adds nginx with <c>ssl_stapling</c>, over a certificate of an authority.</summary>
public static class StaplingNginxBuilderExtensions
{
    /// <summary>
    /// Adds nginx as a server for one host: in a container where a runtime can reach this machine from inside, else as
    /// a
    /// process, which is installed, or unpacked from the distribution's package without installing it. Its
    /// configuration
    /// has every directive for stapling that nginx knows; one page is served. Call it after
    /// <see cref="OcspResponderBuilderExtensions.AddOcspResponder"/>.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="authority">Who issues its certificate.</param>
    /// <param name="hostName">The name that it serves; its certificate is issued where there is none yet.</param>
    /// <param name="port">The port of 127.0.0.1.</param>
    /// <param name="source">Container, process, or whatever works here.</param>
    /// <param name="image">The image of a container, or null for the official one.</param>
    /// <param name="progress">Is told what takes long. Default: standard error.</param>
    /// <exception cref="DistributedApplicationException">There is no nginx to be had here.</exception>
    /// <exception cref="InvalidOperationException">
    /// The authority has no responder yet, or an nginx already.
    /// </exception>
    public static async Task<IResourceBuilder<IStaplingNginxResource>> AddStaplingNginxAsync(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        IResourceBuilder<CertificateAuthorityResource> authority,
        string hostName,
        int port = 8443,
        StaplingNginxSource source = StaplingNginxSource.Auto,
        string? image = null,
        Action<string>? progress = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(authority);
        CertificateAuthorityResource.CheckHosts([hostName]);
        var owner = authority.Resource;
        if (owner.Responder is null)
            throw new InvalidOperationException(
                $"'{owner.Name}' has no responder yet, and nginx's configuration names it: call AddOcspResponder first."
            );
        if (owner.Sites.FirstOrDefault(site => site.Resource is IStaplingNginxResource) is { } known)
            throw new InvalidOperationException(
                $"'{owner.Name}' has an nginx already, '{known.Resource.Name}', and one folder for it."
            );
        var certificate = owner.OrderFor([hostName]).Name;
        // The key's kind, and with it the files' names, are known once the authority is there.
        NginxSite Site() =>
            new()
            {
                Directory = owner.Topology.NginxDirectory,
                Port = port,
                HostName = hostName,
                Certificate = owner.Pki.FilesOf(certificate),
                TrustedCertificates = owner.CertificateChain,
                Responder = owner.Topology.OcspInCertificates == OcspInCertificates.Yes ? owner.Topology.OcspUrl : null,
                NameServer = owner.NameServer is null ? null : owner.Topology.Ports.Dns,
                Log = NginxLog.FilesAndConsole,
            };
        owner.Topology = owner.Topology with { Ports = owner.Topology.Ports with { Nginx = port } };
        var provided = await ProvideAsync(
                builder,
                Site(),
                Enum.Parse<NginxSource>(source.ToString()),
                image,
                progress ?? Console.Error.WriteLine
            )
            .ConfigureAwait(false);
        var server = provided switch
        {
            { Container: { } recipe } => Contained(builder, name, port, recipe, owner, Site),
            { Process: { } launcher } => Local(builder, name, port, launcher, owner, Site),
            _ => throw new DistributedApplicationException($"There is no nginx here: {provided.Reason}"),
        };
        return server
            .WithIconName("Server")
            .Stapled(authority, new StapledSite(server.Resource, hostName, certificate));
    }

    private static async Task<OrchestratedNginx> ProvideAsync(
        IDistributedApplicationBuilder builder,
        NginxSite site,
        NginxSource source,
        string? image,
        Action<string> progress
    )
    {
        var provisioner = new NginxProvisioner(site, TimeProvider.System, progress);
        if (!builder.ExecutionContext.IsRunMode)
            return provisioner.ProvideForManifest(source, image);
        try
        {
            var plan = await new NginxPlanner(source, image, TimeProvider.System)
                .PlanAsync(CancellationToken.None)
                .ConfigureAwait(false);
            return await provisioner.ProvideForOrchestratorAsync(plan, CancellationToken.None).ConfigureAwait(false);
        }
        catch (LabException exception)
        {
            throw new DistributedApplicationException(exception.Message, exception);
        }
    }

    private static IResourceBuilder<IStaplingNginxResource> Contained(
        IDistributedApplicationBuilder builder,
        string name,
        int port,
        NginxRecipe recipe,
        CertificateAuthorityResource owner,
        Func<NginxSite> site
    )
    {
        // The lab's part on this machine is reached by the machine's own name; a tunnel would need an image of its own.
        builder.Configuration["ASPIRE_ENABLE_CONTAINER_TUNNEL"] ??= "false";
        owner.Topology = owner.Topology with { ContainerGateway = recipe.Gateway };
        var parts = recipe.Image.Split(':', 2);
        var server = builder
            .AddResource(new StaplingNginxContainerResource(name))
            .WithImage(parts[0], parts.ElementAtOrDefault(1) ?? "latest")
            // Without the "daemon off" of the image's own command: it is in the configuration.
            .WithArgs("nginx")
            .WithHttpsEndpoint(
                port: port,
                targetPort: NginxRecipe.Port,
                name: IStaplingNginxResource.HttpsEndpointName,
                isProxied: false
            )
            .WithContainerRuntimeArgs([.. recipe.RuntimeArguments])
            .Configured(owner, () => (recipe with { Site = site() }).WriteConfiguration());
        foreach (var mount in recipe.Mounts)
            server.WithBindMount(mount.Source, mount.Target, mount.IsReadOnly);
        return server;
    }

    private static IResourceBuilder<IStaplingNginxResource> Local(
        IDistributedApplicationBuilder builder,
        string name,
        int port,
        LocalNginx launcher,
        CertificateAuthorityResource owner,
        Func<NginxSite> site
    )
    {
        var command = launcher.Command();
        return builder
            .AddResource(new StaplingNginxProcessResource(name, command[0], builder.AppHostDirectory))
            .WithArgs(context =>
            {
                foreach (var word in command.Skip(1))
                    context.Args.Add(
                        context.ExecutionContext.IsRunMode
                            ? word
                            : ServiceEnvironment.Relative(word, owner.Directory, builder.AppHostDirectory)
                    );
            })
            .WithHttpsEndpoint(port: port, name: IStaplingNginxResource.HttpsEndpointName, isProxied: false)
            .Configured(owner, () => launcher.For(site()).WriteConfiguration());
    }

    // Before each start, and once more when the authority is there: the first of these comes before it is waited for.
    private static IResourceBuilder<T> Configured<T>(
        this IResourceBuilder<T> server,
        CertificateAuthorityResource owner,
        Action write
    )
        where T : IStaplingNginxResource
    {
        server.ApplicationBuilder.CreateResourceBuilder(owner).OnResourceReady((_, _, _) => WriteAsync());
        return server.OnBeforeResourceStarted((_, _, _) => WriteAsync());

        Task WriteAsync()
        {
            write();
            return Task.CompletedTask;
        }
    }
}

/// <summary>Where nginx comes from.</summary>
public enum StaplingNginxSource
{
    /// <summary>A container where one can reach this machine, else a process.</summary>
    Auto,

    /// <summary>A container, or an error.</summary>
    Container,

    /// <summary>A process: from PATH, or unpacked without installing; or an error.</summary>
    Process,
}
