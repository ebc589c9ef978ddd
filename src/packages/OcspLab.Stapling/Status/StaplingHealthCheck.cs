using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OcspLab.Stapling.Status;

/// <summary>
/// Degrades before clients notice: when a staple is late or missing; unhealthy when a certificate is revoked or must be
/// stapled and is not.
/// </summary>
internal sealed class StaplingHealthCheck(IStaplingStatus status, HandOffStatus handOff, TimeProvider clock)
    : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        var now = clock.GetUtcNow();
        var worst = HealthStatus.Healthy;
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        var complaints = new List<string>();
        if (handOff.State is { Mode: HandOffMode.RuntimeOwn, Obstacle: { } broken })
        {
            worst = HealthStatus.Degraded;
            complaints.Add(broken);
        }

        foreach (var staple in status.Staples)
        {
            var state = StapleHealth.StateOf(staple, now);
            data[staple.Thumbprint] = $"{staple.Certificate}: {state.ToTag()}";
            var judged = Judge(staple, state);
            if (judged == HealthStatus.Healthy)
                continue;
            complaints.Add(
                $"{staple.Certificate} is {state.ToTag()} "
                    + $"({staple.Obstacle ?? staple.LastDetail ?? staple.LastOutcome.ToTag()})"
            );
            if (judged < worst)
                worst = judged;
        }

        // The registration says what "unhealthy" is to be called.
        if (worst == HealthStatus.Unhealthy)
            worst = context.Registration.FailureStatus;
        return Task.FromResult(
            new HealthCheckResult(
                worst,
                complaints.Count == 0 ? $"{data.Count} certificates" : string.Join("; ", complaints),
                data: data
            )
        );
    }

    private static HealthStatus Judge(StapleStatus staple, StapleState state) =>
        state switch
        {
            StapleState.NotNeeded or StapleState.Good => HealthStatus.Healthy,
            StapleState.Revoked => HealthStatus.Unhealthy,
            StapleState.Missing when staple.IsMustStaple => HealthStatus.Unhealthy,
            _ => HealthStatus.Degraded,
        };
}
