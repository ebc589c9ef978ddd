using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Lab.Topology;
using OcspLab.Probe;

namespace OcspLab.Lab.Health;

/// <summary>
/// Healthy when a handshake brings a verified staple, whatever it says: the way a client would see it.
/// </summary>
public sealed class StapleHealthCheck(int port, TimeProvider clock) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            var handshake = await new TlsProbe(clock)
                .ConnectAsync(
                    "127.0.0.1",
                    port,
                    LabTopology.SiteHost,
                    TlsVersion.Any,
                    TimeSpan.FromSeconds(5),
                    cancellationToken
                )
                .ConfigureAwait(false);
            var verdict = StapleInspector.Inspect(handshake, [], clock.GetUtcNow()).Staple;
            return verdict.Verdict switch
            {
                StapleVerdictKind.Absent => HealthCheckResult.Unhealthy("not stapled"),
                StapleVerdictKind.Rejected => HealthCheckResult.Unhealthy(verdict.Description),
                _ => HealthCheckResult.Healthy($"stapled {verdict.Word}"),
            };
        }
        catch (ProbeException exception)
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }
}
