using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Stapling.Status;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health of staples to the application's checks.</summary>
public static class StaplingHealthChecksBuilderExtensions
{
    /// <summary>
    /// Degraded while a staple is missing or three quarters of its life are over; unhealthy when a certificate is
    /// revoked, or must be stapled (RFC 7633) and is not. Certificates without an OCSP URL are healthy.
    /// </summary>
    /// <param name="builder">The checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">
    /// What unhealthy is reported as, or null for <see cref="HealthStatus.Unhealthy"/>.
    /// </param>
    /// <param name="tags">Tags to filter by.</param>
    public static IHealthChecksBuilder AddOcspStapling(
        this IHealthChecksBuilder builder,
        string name = "ocsp-stapling",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<StaplingHealthCheck>(name, failureStatus, tags ?? []);
    }

    /// <summary>
    /// For a readiness probe: unhealthy until every certificate that should have a staple has had its first, and
    /// healthy from then on, whatever becomes of responder and certificate. The other check is for those who watch.
    /// </summary>
    /// <param name="builder">The checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">Tags to filter by.</param>
    /// <param name="atMost">
    /// How long first staples are waited for, from the first question on; null, the default, for no end, so that a
    /// deployment stops while the responder is away and the instances before go on serving.
    /// </param>
    public static IHealthChecksBuilder AddOcspStaplingReadiness(
        this IHealthChecksBuilder builder,
        string name = "ocsp-stapling-ready",
        IEnumerable<string>? tags = null,
        TimeSpan? atMost = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (atMost is { } limit)
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero, nameof(atMost));
        // One for all questions: it remembers.
        StaplingReadinessCheck? check = null;
        return builder.Add(new HealthCheckRegistration(name, Create, null, tags));

        IHealthCheck Create(IServiceProvider services) =>
            check ??= new StaplingReadinessCheck(
                services.GetRequiredService<IStaplingStatus>(),
                services.GetRequiredService<HandOffStatus>(),
                services.GetService<TimeProvider>() ?? TimeProvider.System,
                atMost
            );
    }
}
