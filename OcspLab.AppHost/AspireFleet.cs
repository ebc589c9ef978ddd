using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Aspire.Hosting.ApplicationModel;
using OcspLab.Lab;
using OcspLab.Lab.Fleets;
using OcspLab.Lab.Health;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;
using OcspLab.Responder.Admin;
using OcspLab.Responder.Sources;

namespace OcspLab.AppHost;

/// <summary>The lab's fleet as resources: each part a process that the dashboard stops and starts.</summary>
/// <param name="builder">The application.</param>
/// <param name="topology">The lab.</param>
/// <param name="ports">The fleet's ports.</param>
internal sealed class AspireFleet(IDistributedApplicationBuilder builder, LabTopology topology, FleetPorts ports)
{
    /// <summary>Adds it.</summary>
    /// <param name="responder">The lab's responder, whose certificates are the fleet's responders' as well.</param>
    /// <exception cref="LabException">A program is missing, or another lab runs in the folder.</exception>
    public async Task AddAsync(IResourceBuilder<OcspResponderResource> responder)
    {
        if (FleetPrograms.Missing is { } missing)
            throw new LabException($"--fleet: {missing}", LabFailure.Unavailable);
        if (LabState.FindRunning(topology.Directory) is not null)
            throw new LabException(
                $"Another lab runs in {topology.Directory}. Stop it, or choose another folder with --lab.",
                LabFailure.Unavailable
            );
        var folder = await FleetFolder.CreateAsync(topology.Directory, TimeProvider.System);
        var recipe = new FleetRecipe(topology, ports, folder);
        // Its responder and other commands learn of it.
        var authority = responder.Resource.Authority;
        authority.Topology = authority.Topology with
        {
            Fleet = topology.Fleet,
            Ports = authority.Topology.Ports with { Fleet = topology.Ports.Fleet },
        };

        var redis = Add(recipe.PrepareRedis(), "Database");
        var postgres = Add(await recipe.PreparePostgresAsync(CancellationToken.None), "Database");
        responder.WaitFor(postgres);
        builder.Eventing.Subscribe<ResourceReadyEvent>(responder.Resource, (_, cancellationToken) =>
            RegisterAsync(cancellationToken)
        );

        var balancer = Add(await recipe.PrepareBalancerAsync(CancellationToken.None), "ArrowSplit", isSite: true);
        foreach (var part in recipe.Responders)
            balancer.WaitForStart(Add(part, "ShieldTask").WaitFor(responder));
        foreach (var part in recipe.Sites)
            Add(part, "GlobeShield", isSite: true)
                .WaitFor(redis)
                .WaitForStart(balancer)
                .WithParentRelationship(balancer);
    }

    /// <summary>Deletes what it has left.</summary>
    public Task RemoveAsync() => FleetFolder.RemoveAsync(topology.Directory, TimeProvider.System);

    // What the authority has issued is in the lab's own database.
    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        using var issued = new SqliteCertificateRegistry(topology.Database, TimeProvider.System);
        using var admin = new ResponderAdminClient(topology.AdminUrl, AdminToken.Load(topology.AdminTokenFile));
        foreach (var certificate in await issued.ListAsync(cancellationToken))
            await admin.RegisterAsync(certificate, cancellationToken);
    }

    private IResourceBuilder<ExecutableResource> Add(FleetPart part, string icon, bool isSite = false)
    {
        Directory.CreateDirectory(part.Folder);
        var check = $"{part.Name}_check";
        var health =
            LabHealth.CheckOf(topology, part.Name, TimeProvider.System) is { } staple && isSite
                ? staple
                : new PartHealthCheck(part);
        builder.Services.AddHealthChecks().AddCheck(check, health);
        return builder
            .AddExecutable(part.Name, part.Command[0], part.Folder, [.. part.Command.Skip(1)])
            .WithEndpoint(
                port: part.Port,
                scheme: isSite ? "https" : "tcp",
                name: isSite ? "https" : "tcp",
                isProxied: false
            )
            .WithEnvironment(context =>
            {
                foreach (var (name, value) in part.Environment)
                    context.EnvironmentVariables[name] = value;
            })
            .WithHealthCheck(check)
            .WithIconName(icon);
    }

    /// <summary>Healthy when it serves.</summary>
    private sealed class PartHealthCheck(FleetPart part) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context,
            CancellationToken cancellationToken = default
        )
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync("127.0.0.1", part.Port, cancellationToken);
            }
            catch (SocketException exception)
            {
                return HealthCheckResult.Unhealthy(exception.Message);
            }

            if (part.Readiness is not { } command)
                return HealthCheckResult.Healthy();
            var answer = await ChildProcess.RunAsync(command[0], command.Skip(1), part.Folder, cancellationToken);
            return answer.ExitCode == 0
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy(answer.Output.Trim());
        }
    }
}
