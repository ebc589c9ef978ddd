using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OcspLab.Lab;
using OcspLab.Responder;

// The same command line as without Aspire; what is Aspire's own (--operation publish …) is left to it.
var options = new LabOptions();
var root = new RootCommand("Bring the OCSP stapling lab up with Aspire.") { options.Lab };
options.AddTo(root);
root.TreatUnmatchedTokensAsErrors = false;
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 || args.Contains("--help") || args.Contains("-h"))
    return await CommandRunner.RunAsync(root, args);

var topology = options.Read(parsed);
var clock = TimeProvider.System;
var builder = DistributedApplication.CreateBuilder(args);

var pki = builder.AddProject<Projects.OcspLab_Cli>(LabTopology.Pki, project => project.ExcludeLaunchProfile = true)
    .WithArgs("pki", "init", "--lab", topology.Directory, "--responder-port", $"{topology.Ports.Responder}", "--ocsp-url", topology.OcspInCertificates == OcspInCertificates.Yes ? "yes" : "none")
    .WithIconName("Certificate");

var dns = WithSettings(builder.AddProject<Projects.OcspLab_Dns>(LabTopology.Dns, project => project.ExcludeLaunchProfile = true), LabTopology.Dns)
    .WithEndpoint("dns", endpoint =>
    {
        endpoint.Protocol = ProtocolType.Udp;
        endpoint.Port = endpoint.TargetPort = topology.Ports.Dns;
        endpoint.IsProxied = false;
        // A container that references a UDP endpoint of a project waits for ever.
        endpoint.ExcludeReferenceEndpoint = true;
    })
    .WithIconName("Globe");

var responder = WithSettings(builder.AddProject<Projects.OcspLab_Responder>(LabTopology.Responder, project => project.ExcludeLaunchProfile = true), LabTopology.Responder)
    .WithHttpEndpoint(port: topology.Ports.Responder, name: "ocsp", isProxied: false)
    .WithHttpEndpoint(port: topology.Ports.ResponderAdmin, name: "admin", isProxied: false)
    .WithHttpHealthCheck("/health", endpointName: "admin")
    .WithCommand("revoke", $"Revoke {LabTopology.SiteCertificate}", context => ChangeAsync(admin => admin.RevokeAsync(LabTopology.SiteCertificate, OcspLab.Ocsp.RevocationReason.KeyCompromise, context.CancellationToken)))
    .WithCommand("restore", $"Restore {LabTopology.SiteCertificate}", context => ChangeAsync(admin => admin.RestoreAsync(LabTopology.SiteCertificate, context.CancellationToken)))
    .WithCommand("outage", "Close the OCSP port", context => ChangeAsync(admin => admin.StopAsync(context.CancellationToken)))
    .WithCommand("recover", "Open the OCSP port", context => ChangeAsync(admin => admin.StartAsync(context.CancellationToken)))
    .WaitForCompletion(pki)
    .WithIconName("ShieldTask");

foreach (var kind in Enum.GetValues<FaultKind>())
{
    var name = JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());
    responder.WithCommand($"fault-{name}", $"Fault: {name.Replace('-', ' ')}", context => ChangeAsync(admin => admin.AddFaultAsync(new FaultOrder(kind), context.CancellationToken)));
}

responder.WithCommand("heal", "Take all faults back", context => ChangeAsync(async admin =>
{
    await admin.RemoveFaultsAsync(null, context.CancellationToken);
    return true;
}));
// The responder reads the files again; making them is the authority's.
builder.Services.AddHostedService(services => new SignerRenewal(topology.CreatePki(clock), clock, services.GetRequiredService<ILogger<SignerRenewal>>()));

AddSite(LabTopology.Kestrel, topology.Ports.Kestrel);
AddSite(LabTopology.KestrelBuiltIn, topology.Ports.KestrelBuiltIn);
await AddNginxAsync();

await builder.Build().RunAsync();
return ExitCodes.Good;

void AddSite(string name, int port)
{
    builder.Services.AddHealthChecks().Add(new HealthCheckRegistration($"{name}-staple", new StapleHealthCheck(port, clock), null, null));
    WithSettings(builder.AddProject<Projects.OcspLab_Site>(name, project =>
        {
            project.ExcludeLaunchProfile = true;
            project.ExcludeKestrelEndpoints = true;
        }), name)
        .WithHttpsEndpoint(port: port, name: "https", isProxied: false)
        .WithHealthCheck($"{name}-staple")
        .WaitFor(responder)
        .WaitFor(dns)
        .WithIconName("GlobeShield");
}

async Task AddNginxAsync()
{
    if (topology.NginxSource == NginxSource.Off)
        return;
    var (binary, reason) = builder.ExecutionContext.IsPublishMode
        ? (new NginxBinary("nginx", "on PATH"), "")
        : await new NginxLocator(NginxLocator.DefaultCacheDirectory, Console.Error.WriteLine).LocateAsync(CancellationToken.None);
    if (binary is null)
    {
        Console.Error.WriteLine($"nginx: {reason}");
        return;
    }

    var view = builder.ExecutionContext.IsPublishMode ? HostsView.None : await HostsViews.DetectAsync(CancellationToken.None);
    var command = new NginxProcess(binary, view, topology.NginxDirectory, clock).Command();
    builder.Services.AddHealthChecks().Add(new HealthCheckRegistration("nginx-staple", new StapleHealthCheck(topology.Ports.Nginx, clock), null, null));
    builder.AddExecutable(LabTopology.Nginx, command[0], builder.AppHostDirectory, [.. command.Skip(1)])
        .WithHttpsEndpoint(port: topology.Ports.Nginx, name: "https", isProxied: false)
        .WithHealthCheck("nginx-staple")
        .OnBeforeResourceStarted((resource, started, cancellationToken) =>
        {
            NginxConfiguration.Write(topology, topology.CreatePki(clock).FilesOf(LabTopology.SiteCertificate), view);
            return Task.CompletedTask;
        })
        .WaitFor(responder)
        .WaitFor(dns)
        .WithIconName("Server");
}

// Read when the service starts, not now: the certificates that the settings name may not be there yet.
IResourceBuilder<ProjectResource> WithSettings(IResourceBuilder<ProjectResource> project, string name) =>
    project.WithEnvironment(context =>
    {
        foreach (var (key, value) in topology.SettingsOf(name))
            context.EnvironmentVariables[key.Replace(":", "__", StringComparison.Ordinal)] = value;
    });

async Task<ExecuteCommandResult> ChangeAsync<T>(Func<ResponderAdminClient, Task<T>> change)
{
    try
    {
        using var admin = new ResponderAdminClient(topology.AdminUrl, AdminToken.LoadOrCreate(topology.AdminTokenFile));
        await change(admin);
        return CommandResults.Success();
    }
    catch (Exception exception) when (exception is HttpRequestException or IOException)
    {
        return CommandResults.Failure(exception.Message);
    }
}
