using System.CommandLine;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OcspLab.Lab;

// The same command line as without Aspire; what is Aspire's own (--operation publish …) is left to it.
var options = new LabOptions();
var root = new RootCommand("Bring the OCSP stapling lab up with Aspire.") { options.Lab };
options.AddTo(root);
root.TreatUnmatchedTokensAsErrors = false;
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 || args.Contains("--help") || args.Contains("-h"))
    return await CommandRunner.RunAsync(root, args);

var clock = TimeProvider.System;
var topology = options.Read(parsed);
var builder = DistributedApplication.CreateBuilder(args);
NginxRecipe? container;
try
{
    container = await PlanContainerAsync();
}
catch (LabException exception)
{
    Console.Error.WriteLine(exception.Message);
    return exception.ExitCode;
}

topology = topology with { ContainerGateway = container?.Gateway };
DistributedApplication? application = null;
LabState? state = null;
var commands = LabCommands.Create(topology, cancellationToken => application!.ResourceCommands.ExecuteCommandAsync(LabTopology.Nginx, KnownResourceCommands.RestartCommand, cancellationToken), clock);

var pki = builder.AddProject<Projects.OcspLab_Cli>(LabTopology.Pki, Bare)
    .WithArgs([.. topology.PkiArguments])
    .WithIconName("Certificate");

var dns = Configure(builder.AddProject<Projects.OcspLab_Dns>(LabTopology.Dns, Bare))
    .WithEndpoint("dns", endpoint =>
    {
        endpoint.Protocol = ProtocolType.Udp;
        endpoint.UriScheme = "udp";
        endpoint.Port = endpoint.TargetPort = topology.Ports.Dns;
        endpoint.IsProxied = false;
        // A container that references a UDP endpoint of a project waits for ever.
        endpoint.ExcludeReferenceEndpoint = true;
    })
    .WithIconName("Globe");

var responder = Configure(builder.AddProject<Projects.OcspLab_Responder>(LabTopology.Responder, Bare))
    .WithHttpEndpoint(port: topology.Ports.Responder, name: "ocsp", isProxied: false)
    .WithHttpEndpoint(port: topology.Ports.ResponderAdmin, name: "admin", isProxied: false)
    .WithUrlForEndpoint("ocsp", url => url.DisplayText = "OCSP")
    .WithUrlForEndpoint("admin", url => (url.DisplayText, url.Url) = ("Admin API", "/openapi/v1.json"))
    .WithUrlForEndpoint("admin", admin => new ResourceUrlAnnotation { Url = $"{admin.Url}/health", DisplayText = "Health" })
    .WaitForCompletion(pki)
    .WithParentRelationship(pki)
    // From here on other commands find the lab, and not before: the authority's own would ask this very responder.
    .OnResourceReady((_, _, _) =>
    {
        state ??= LabState.Claim(topology);
        return Task.CompletedTask;
    })
    .WithIconName("ShieldTask");
// The responder reads the files again; making them is the authority's.
builder.Services.AddHostedService(services => new SignerRenewal(topology.CreatePki(clock), clock, services.GetRequiredService<ILogger<SignerRenewal>>()));

var kestrel = AddSite(LabTopology.Kestrel, topology.Ports.Kestrel)
    .WithUrlForEndpoint("https", site => new ResourceUrlAnnotation { Url = $"{site.Url}/ocsp-stapling", DisplayText = "Staple status" });
AddSite(LabTopology.KestrelBuiltIn, topology.Ports.KestrelBuiltIn).WithParentRelationship(kestrel);

if (container is not null)
    AddContainedNginx(container);
else if (topology.NginxSource != NginxSource.Off)
    await AddLocalNginxAsync();

application = builder.Build();
await application.RunAsync();
state?.Dispose();
return ExitCodes.Good;

IResourceBuilder<ProjectResource> AddSite(string name, int port) =>
    Served(Configure(builder.AddProject<Projects.OcspLab_Site>(name, Bare)).WithHttpsEndpoint(port: port, name: "https", isProxied: false)).WithIconName("GlobeShield");

void AddContainedNginx(NginxRecipe recipe)
{
    var nginx = Served(Checked(builder.AddContainer(LabTopology.Nginx, recipe.Image))
        .WithHttpsEndpoint(port: topology.Ports.Nginx, targetPort: NginxRecipe.Port, name: "https", isProxied: false)
        .WithContainerRuntimeArgs([.. NginxRecipe.RuntimeArguments])
        .OnBeforeResourceStarted((_, _, _) =>
        {
            recipe.WriteConfiguration();
            return Task.CompletedTask;
        })).WithIconName("Server");
    foreach (var mount in recipe.Mounts)
        nginx.WithBindMount(mount.Source, mount.Target, mount.IsReadOnly);
}

async Task AddLocalNginxAsync()
{
    var publishing = builder.ExecutionContext.IsPublishMode;
    var (binary, reason) = publishing
        ? (new NginxBinary("nginx", "on PATH"), "")
        : await new NginxLocator(NginxLocator.DefaultCacheDirectory, Console.Error.WriteLine).LocateAsync(CancellationToken.None);
    if (binary is null)
    {
        Console.Error.WriteLine($"nginx: {reason}");
        return;
    }

    var view = publishing ? HostsView.None : await HostsViews.DetectAsync(CancellationToken.None);
    var launcher = new LocalNginx(binary, view, topology, topology.CreatePki(clock).FilesOf(LabTopology.SiteCertificate));
    var command = launcher.Command();
    Served(Checked(builder.AddExecutable(LabTopology.Nginx, command[0], builder.AppHostDirectory, [.. command.Skip(1)]))
        .WithHttpsEndpoint(port: topology.Ports.Nginx, name: "https", isProxied: false)
        .OnBeforeResourceStarted((_, _, _) =>
        {
            launcher.WriteConfiguration();
            return Task.CompletedTask;
        })).WithIconName("Server");
}

async Task<NginxRecipe?> PlanContainerAsync()
{
    var certificate = topology.CreatePki(clock).FilesOf(LabTopology.SiteCertificate);
    // A manifest is for another machine: what this one has does not matter.
    if (builder.ExecutionContext.IsPublishMode)
        return topology.NginxSource is NginxSource.Auto or NginxSource.Container ? new NginxRecipe(topology.NginxImage ?? ContainedNginx.OfficialImage, System.Net.IPAddress.Any, topology, certificate) : null;
    var (recipe, reason) = await new NginxPlanner(topology, clock, Console.Error.WriteLine).FindRecipeAsync(certificate, CancellationToken.None);
    if (recipe is null)
        Console.Error.WriteLine($"nginx: not in a container, because {reason}");
    return recipe;
}

// What serves the site: after those that it asks, with a link that opens it.
IResourceBuilder<T> Served<T>(IResourceBuilder<T> site)
    where T : IResourceWithEndpoints, IResourceWithWaitSupport => site
    .WithUrlForEndpoint("https", url => url.DisplayText = LabTopology.SiteHost)
    .WaitFor(responder)
    .WaitFor(dns)
    .WithReferenceRelationship(responder)
    .WithReferenceRelationship(dns);

// A service's settings, read when it starts and not now: the certificates that they name may not be there yet. Its ports are in them.
IResourceBuilder<ProjectResource> Configure(IResourceBuilder<ProjectResource> project) => Checked(project)
    .WithEndpointsInEnvironment(_ => false)
    .WithEnvironment(context =>
    {
        foreach (var (key, value) in topology.SettingsOf(project.Resource.Name))
            context.EnvironmentVariables[key.Replace(":", "__", StringComparison.Ordinal)] = value;
    });

// A resource's health and commands are the same as without Aspire.
IResourceBuilder<T> Checked<T>(IResourceBuilder<T> resource)
    where T : IResource
{
    var name = resource.Resource.Name;
    if (LabHealth.CheckOf(topology, name, clock) is { } check)
    {
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration($"{name}-health", check, null, null));
        resource.WithHealthCheck($"{name}-health");
    }

    foreach (var command in commands.Where(command => command.Resource == name))
        resource.WithCommand(command.Name, command.Title, context => ExecuteAsync(command, context.CancellationToken), new CommandOptions { IconName = command.Icon });
    return resource;
}

static async Task<ExecuteCommandResult> ExecuteAsync(LabCommand command, CancellationToken cancellationToken)
{
    try
    {
        return CommandResults.Success(await command.RunAsync(cancellationToken));
    }
    catch (LabException exception)
    {
        return CommandResults.Failure(exception.Message);
    }
}

static void Bare(ProjectResourceOptions project)
{
    project.ExcludeLaunchProfile = true;
    project.ExcludeKestrelEndpoints = true;
}
