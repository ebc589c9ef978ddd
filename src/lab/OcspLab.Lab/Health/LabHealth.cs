using System.Net;
using DnsClient;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Lab.Commands;
using OcspLab.Lab.Topology;
using OcspLab.Responder.Admin;

namespace OcspLab.Lab.Health;

/// <summary>
/// The lab's health checks: each asks what a client would ask, so none is healthy before it truly is.
/// </summary>
public static class LabHealth
{
    /// <summary>The check of a part that listens, or null when it has none.</summary>
    public static IHealthCheck? CheckOf(LabTopology topology, string resource, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return resource switch
        {
            LabTopology.Dns => new DnsHealthCheck(topology.Ports.Dns, LabTopology.ResponderHost),
            LabTopology.Responder => new ResponderHealthCheck(topology),
            LabTopology.Kestrel => Staple(topology.Ports.Kestrel),
            LabTopology.KestrelBuiltIn => Staple(topology.Ports.KestrelBuiltIn),
            LabTopology.Nginx => Staple(topology.Ports.Nginx),
            LabTopology.NginxKept => Staple(topology.Ports.NginxKept),
            LabTopology.Keep => new KeepHealthCheck(new Uri($"http://127.0.0.1:{topology.Ports.Keep}/health")),
            _ => topology.FindFleetSite(resource) is { } port ? Staple(port) : null,
        };

        StapleHealthCheck Staple(int port) =>
            new(
                LabTopology.SiteHost,
                port,
                () => topology.CreatePki(clock).Find(LabTopology.SiteCertificate)?.SerialNumber,
                clock
            );
    }
}

/// <summary>Healthy when a name server of this machine has an address for a name.</summary>
/// <param name="port">Its port on 127.0.0.1.</param>
/// <param name="name">The name.</param>
public sealed class DnsHealthCheck(int port, string name) : IHealthCheck
{
    private readonly LookupClient _client = new(
        new LookupClientOptions(new IPEndPoint(IPAddress.Loopback, port))
        {
            UseCache = false,
            Retries = 1,
            Timeout = TimeSpan.FromSeconds(2),
        }
    );

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            var answer = await _client
                .QueryAsync(name, QueryType.A, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return answer.Answers.ARecords().Any()
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"it does not know {name}");
        }
        catch (DnsResponseException exception)
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }
}

/// <summary>What the responder says of itself, and in which ways it misbehaves on purpose.</summary>
internal sealed class ResponderHealthCheck(LabTopology topology) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            if (await DescribeTroubleAsync(cancellationToken).ConfigureAwait(false) is { } trouble)
                return HealthCheckResult.Degraded(trouble);
            using var response = await LoopbackClient
                .Instance.GetAsync(new Uri(topology.AdminUrl, "/health"), cancellationToken)
                .ConfigureAwait(false);
            var status = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            if (status == nameof(HealthStatus.Healthy))
                return HealthCheckResult.Healthy();
            // It may have been told to misbehave between the two questions.
            var why = await DescribeTroubleAsync(cancellationToken).ConfigureAwait(false) ?? SeeStatus;
            return status == nameof(HealthStatus.Degraded)
                ? HealthCheckResult.Degraded(why)
                : HealthCheckResult.Unhealthy(why);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException or UnauthorizedAccessException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }

    private async Task<string?> DescribeTroubleAsync(CancellationToken cancellationToken)
    {
        using var admin = new ResponderAdminClient(topology.AdminUrl, AdminToken.Load(topology.AdminTokenFile));
        var listener = await admin.GetListenerAsync(cancellationToken).ConfigureAwait(false);
        if (listener.State == PortState.Stopped)
            return "its OCSP port is closed on purpose; 'ocsplab responder start' opens it";
        var faults = await admin.ListFaultsAsync(cancellationToken).ConfigureAwait(false);
        return faults.Count == 0
            ? null
            : $"misbehaves on purpose: {string.Join(", ", faults.Select(fault => LabCommands.FaultName(fault.Kind)))}; "
                + "'ocsplab responder heal' ends it";
    }

    private const string SeeStatus = "not well; 'ocsplab responder status' says what is missing";
}
