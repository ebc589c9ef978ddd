using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Probe;

namespace OcspLab.Lab.Health;

/// <summary>
/// Healthy when a handshake brings a verified staple, whatever it says: the way a client would see it.
/// </summary>
/// <param name="host">The name to ask for.</param>
/// <param name="port">The server's port on 127.0.0.1.</param>
/// <param name="serialNumber">
/// The serial in lower-case hexadecimal of the certificate that it must have, or null for any: another server may have
/// taken the port.
/// </param>
/// <param name="clock">The time.</param>
public sealed class StapleHealthCheck(string host, int port, Func<string?> serialNumber, TimeProvider clock)
    : IHealthCheck
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
                .ConnectAsync("127.0.0.1", port, host, TlsVersion.Any, TimeSpan.FromSeconds(5), cancellationToken)
                .ConfigureAwait(false);
            var report = StapleInspector.Inspect(handshake, [], clock.GetUtcNow());
            if (serialNumber() is { } own && report.Chain is [var leaf, ..] && leaf.SerialNumber != own)
                return HealthCheckResult.Unhealthy(
                    $"another server listens on port {port}: its certificate is {leaf.SerialNumber}, not {own}"
                );
            var verdict = report.Staple;
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
