using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OcspLab.Stapling.Status;

/// <summary>
/// Unhealthy until every certificate that should have a staple has had its first, or its time for that is over; healthy
/// from then on. What happens later is no reason to take a server out: no other one would have a better staple.
/// </summary>
/// <param name="status">The certificates.</param>
/// <param name="handOff">Whether handshakes get staples at all; else there is nothing to wait for.</param>
/// <param name="clock">The time.</param>
/// <param name="atMost">How long a first staple is waited for, from the first question on; null for no end.</param>
internal sealed class StaplingReadinessCheck(
    IStaplingStatus status,
    HandOffStatus handOff,
    TimeProvider clock,
    TimeSpan? atMost
) : IHealthCheck
{
    private readonly long _startedAt = clock.GetTimestamp();
    private volatile bool _isReady;

    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        if (_isReady || !handOff.IsWorking)
            return Task.FromResult(HealthCheckResult.Healthy());
        var waiting = status.Staples.Where(IsWaiting).Select(staple => staple.Certificate).ToArray();
        if (waiting.Length > 0 && !(clock.GetElapsedTime(_startedAt) >= atMost))
            return Task.FromResult(
                new HealthCheckResult(
                    context.Registration.FailureStatus,
                    $"no staple yet for {string.Join(", ", waiting.Take(MostNamed))}"
                        + (waiting.Length > MostNamed ? $" and {waiting.Length - MostNamed} more" : "")
                )
            );
        // Without a certificate nothing has begun.
        _isReady = waiting.Length > 0 || status.Staples.Count > 0;
        return Task.FromResult(HealthCheckResult.Healthy());
    }

    // That it is revoked is an answer too; whoever withholds it has nothing more to wait for. And nobody will ever ask
    // about a certificate that cannot be read.
    private bool IsWaiting(StapleStatus staple)
    {
        var now = clock.GetUtcNow();
        return staple is { IsInUse: true, IsRevoked: false }
            && staple.NotAfter > now
            && staple.Source is not (StapleSourceKind.None or StapleSourceKind.Off)
            && staple
                is not { Source: StapleSourceKind.Unusable, LastOutcome: RefreshOutcome.Unusable, NextRefresh: null }
            && (staple.Staple is null || staple.Staple.ExpiresAt <= now);
    }

    private const int MostNamed = 3;
}
