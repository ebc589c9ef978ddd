using System.CommandLine;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Health;
using OcspLab.Lab.Hosting;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Topology;

// The same command line as without Aspire; what is Aspire's own (--operation publish …) is left to it.
var options = new LabOptions();
var root = new RootCommand("Bring the OCSP stapling lab up with Aspire.") { options.Lab };
options.AddTo(root);
var duration = Durations.Option("--for", "Take the lab down by itself after this long.");
root.Options.Add(duration);
root.TreatUnmatchedTokensAsErrors = false;
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 || args.Contains("--help") || args.Contains("-h"))
    return await CommandRunner.RunAsync(root, args);

if (args.Contains("--json"))
{
    Console.Error.WriteLine(
        "--json is the lab's without Aspire: dotnet run --project OcspLab.AppHost -p:UseAspire=false -- --json"
    );
    return ExitCodes.Usage;
}

var clock = TimeProvider.System;
var topology = options.Read(parsed);
var builder = DistributedApplication.CreateBuilder(args);
OrchestratedNginx nginx;
try
{
    nginx = await ProvideNginxAsync();
}
catch (LabException exception)
{
    Console.Error.WriteLine(exception.Message);
    return ExitCodes.Of(exception.Failure);
}

topology = topology with { ContainerGateway = nginx.Container?.Gateway };
if (nginx.Container is { Gateway: var gateway } && gateway.Equals(System.Net.IPAddress.Any))
    Console.Error.WriteLine(
        "name server and responder listen on every address of this machine: the container's gateway is not known before"
    );
DistributedApplication? application = null;
LabState? state = null;
var commands = LabCommands.Create(topology, RestartNginxAsync, clock);

var pki = builder
    .AddProject(LabTopology.Pki, "../src/tool/OcspLab.Cli/OcspLab.Cli.csproj", Bare)
    .WithArgs([.. topology.PkiArguments])
    .WithIconName("Certificate");

var dns = Configure(builder.AddProject<Projects.OcspLab_Dns>(LabTopology.Dns, Bare))
    .WithEndpoint(
        "dns",
        endpoint =>
        {
            endpoint.Protocol = ProtocolType.Udp;
            endpoint.UriScheme = "udp";
            endpoint.Port = endpoint.TargetPort = topology.Ports.Dns;
            endpoint.IsProxied = false;
            // A container that references a UDP endpoint of a project waits for ever.
            endpoint.ExcludeReferenceEndpoint = true;
        }
    )
    .WithIconName("Globe");

var responder = Configure(builder.AddProject<Projects.OcspLab_Responder>(LabTopology.Responder, Bare))
    .WithHttpEndpoint(port: topology.Ports.Responder, name: "ocsp", isProxied: false)
    .WithHttpEndpoint(port: topology.Ports.ResponderAdmin, name: "admin", isProxied: false)
    .WithUrlForEndpoint("ocsp", url => url.DisplayText = "OCSP")
    .WithUrlForEndpoint("admin", url => (url.DisplayText, url.Url) = ("Admin API", "/openapi/v1.json"))
    .WithUrlForEndpoint(
        "admin",
        admin => new ResourceUrlAnnotation { Url = $"{admin.Url}/health", DisplayText = "Health" }
    )
    .WaitForCompletion(pki)
    .WithParentRelationship(pki)
    // From here on other commands find the lab, and not before: the authority's own would ask this very responder.
    .OnResourceReady(
        (_, _, _) =>
        {
            state ??= LabState.Claim(topology, LabHost.Aspire);
            return Task.CompletedTask;
        }
    )
    .WithIconName("ShieldTask");

// The responder reads the files again; making them is the authority's.
builder.Services.AddHostedService(services => new SignerRenewal(
    topology.CreatePki(clock),
    clock,
    services.GetRequiredService<ILogger<SignerRenewal>>()
));

var kestrel = AddSite(LabTopology.Kestrel, topology.Ports.Kestrel)
    .WithUrlForEndpoint(
        "https",
        site => new ResourceUrlAnnotation { Url = $"{site.Url}/ocsp-stapling", DisplayText = "Staple status" }
    );
AddSite(LabTopology.KestrelBuiltIn, topology.Ports.KestrelBuiltIn).WithParentRelationship(kestrel);

if (nginx.Container is { } recipe)
    AddContainedNginx(recipe);
else if (nginx.Process is { } launcher)
    AddLocalNginx(launcher);

application = builder.Build();
await using (application)
{
    using var timer = parsed.GetValue(duration) is { } limit
        ? new CancellationTokenSource(limit, clock)
        : new CancellationTokenSource();
    try
    {
        await application.RunAsync(timer.Token);
    }
    finally
    {
        state?.Dispose();
    }
}

return ExitCodes.Good;

IResourceBuilder<ProjectResource> AddSite(string name, int port) =>
    Served(
            Configure(builder.AddProject<Projects.OcspLab_Site>(name, Bare))
                .WithHttpsEndpoint(port: port, name: "https", isProxied: false)
        )
        .WithIconName("GlobeShield");

void AddContainedNginx(NginxRecipe recipe)
{
    var server = Served(
            Checked(builder.AddContainer(LabTopology.Nginx, recipe.Image))
                // Without the "daemon off" of the image's own command: it is in the configuration.
                .WithArgs("nginx")
                .WithHttpsEndpoint(
                    port: topology.Ports.Nginx,
                    targetPort: NginxRecipe.Port,
                    name: "https",
                    isProxied: false
                )
                .WithContainerRuntimeArgs([.. NginxRecipe.RuntimeArguments])
                // Runs before the certificates are there; it only writes down where they will be.
                .OnBeforeResourceStarted(
                    (_, _, _) =>
                    {
                        recipe.WriteConfiguration();
                        return Task.CompletedTask;
                    }
                )
        )
        .WithIconName("Server");
    foreach (var mount in recipe.Mounts)
        server.WithBindMount(mount.Source, mount.Target, mount.IsReadOnly);
}

void AddLocalNginx(LocalNginx launcher)
{
    var command = launcher.Command();
    Served(
            Checked(
                    builder.AddExecutable(LabTopology.Nginx, command[0], builder.AppHostDirectory, [.. command.Skip(1)])
                )
                .WithHttpsEndpoint(port: topology.Ports.Nginx, name: "https", isProxied: false)
                .OnBeforeResourceStarted(
                    (_, _, _) =>
                    {
                        launcher.WriteConfiguration();
                        return Task.CompletedTask;
                    }
                )
        )
        .WithIconName("Server");
}

async Task<OrchestratedNginx> ProvideNginxAsync()
{
    var certificate = topology.CreatePki(clock).FilesOf(LabTopology.SiteCertificate);
    var provisioner = new NginxProvisioner(topology, certificate, clock, Console.Error.WriteLine);
    if (builder.ExecutionContext.IsPublishMode)
        return provisioner.ProvideForManifest();
    if (LabState.FindRunning(topology.Directory) is not null)
        throw new LabException(
            $"Another lab runs in {topology.Directory}. Stop it, or choose another folder with --lab."
        );
    await NginxLeftover.RemoveAsync(topology.NginxDirectory, clock, CancellationToken.None);
    var plan = await new NginxPlanner(topology, clock).PlanAsync(CancellationToken.None);
    var provided = await provisioner.ProvideForOrchestratorAsync(plan, CancellationToken.None);
    if (provided is { Container: null, Process: null } && topology.NginxSource != NginxSource.Off)
        Console.Error.WriteLine($"nginx: {provided.Reason}");
    return provided;
}

async Task RestartNginxAsync(CancellationToken cancellationToken)
{
    var result = await application!.ResourceCommands.ExecuteCommandAsync(
        LabTopology.Nginx,
        KnownResourceCommands.RestartCommand,
        cancellationToken
    );
    if (!result.Success)
        throw new LabException(result.Message ?? "nginx was not restarted");
}

// What serves the site: after those that it asks, with a link that opens it.
IResourceBuilder<T> Served<T>(IResourceBuilder<T> site)
    where T : IResourceWithEndpoints, IResourceWithWaitSupport =>
    site.WithUrlForEndpoint("https", url => url.DisplayText = LabTopology.SiteHost)
        .WaitFor(responder)
        .WaitFor(dns)
        .WithReferenceRelationship(responder)
        .WithReferenceRelationship(dns);

// A service's settings, read when it starts and not now: the certificates that they name may not be there yet. Its
// ports are in them.
IResourceBuilder<ProjectResource> Configure(IResourceBuilder<ProjectResource> project) =>
    Checked(project)
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
        resource.WithCommand(
            command.Name,
            command.Title,
            context => ExecuteAsync(command, context.CancellationToken),
            new CommandOptions { IconName = command.Icon }
        );
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
