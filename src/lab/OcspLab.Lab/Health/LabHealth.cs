using System.Net;
using DnsClient;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Lab.Topology;

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
            LabTopology.Dns => new DnsHealthCheck(topology.Ports.Dns),
            LabTopology.Responder => new ResponderHealthCheck(topology.AdminUrl),
            LabTopology.Kestrel => new StapleHealthCheck(topology.Ports.Kestrel, clock),
            LabTopology.KestrelBuiltIn => new StapleHealthCheck(topology.Ports.KestrelBuiltIn, clock),
            LabTopology.Nginx => new StapleHealthCheck(topology.Ports.Nginx, clock),
            _ => null,
        };
    }
}

/// <summary>Healthy when the name server knows where the responder is.</summary>
internal sealed class DnsHealthCheck(int port) : IHealthCheck
{
    private readonly LookupClient _client = new(
        new LookupClientOptions(new IPEndPoint(IPAddress.Loopback, port))
        {
            UseCache = false,
            Retries = 1,
            Timeout = TimeSpan.FromSeconds(2),
        }
    );

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            var answer = await _client
                .QueryAsync(LabTopology.ResponderHost, QueryType.A, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return answer.Answers.ARecords().Any()
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"it does not know {LabTopology.ResponderHost}");
        }
        catch (DnsResponseException exception)
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }
}

/// <summary>What the responder says of itself.</summary>
internal sealed class ResponderHealthCheck(Uri adminUrl) : IHealthCheck
{
    // Loopback only: a proxy has no business between them.
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            using var answer = await Client
                .GetAsync(new Uri(adminUrl, "/health"), cancellationToken)
                .ConfigureAwait(false);
            var said = await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            return answer.IsSuccessStatusCode
                ? said == nameof(HealthStatus.Healthy)
                    ? HealthCheckResult.Healthy()
                    : HealthCheckResult.Degraded($"it says {said}")
                : HealthCheckResult.Unhealthy($"it says {said}");
        }
        catch (Exception exception)
            when (exception is HttpRequestException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }
}
