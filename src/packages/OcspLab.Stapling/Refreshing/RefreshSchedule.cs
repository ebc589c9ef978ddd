using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// <see cref="RefreshPlan"/> with the settings, the clock and the chance of this process. Thread-safe.
/// </summary>
internal sealed class RefreshSchedule(IOptionsMonitor<StaplingOptions> options, TimeProvider clock, Random random)
{
    public DateTimeOffset AfterSuccess(VerifiedStaple staple, TimeSpan? maxAge) =>
        RefreshPlan.AfterSuccess(staple, maxAge, options.CurrentValue, clock.GetUtcNow(), Chance());

    public DateTimeOffset AfterLoad(VerifiedStaple staple) =>
        RefreshPlan.AfterLoad(staple, options.CurrentValue, clock.GetUtcNow(), Chance());

    public DateTimeOffset AfterOthers(VerifiedStaple staple, DateTimeOffset theirs) =>
        RefreshPlan.AfterOthers(staple, theirs, options.CurrentValue, clock.GetUtcNow(), Chance());

    public DateTimeOffset AfterPause(VerifiedStaple staple, DateTimeOffset since) =>
        RefreshPlan.AfterPause(staple, since, clock.GetUtcNow(), Chance());

    public DateTimeOffset AfterFailure(VerifiedStaple? staple, int failures, TimeSpan? retryAfter = null) =>
        RefreshPlan.AfterFailure(staple, failures, retryAfter, options.CurrentValue, clock.GetUtcNow(), Chance());

    // From 0 (inclusive) to 1.
    private double Chance()
    {
        lock (random)
            return random.NextDouble();
    }
}
