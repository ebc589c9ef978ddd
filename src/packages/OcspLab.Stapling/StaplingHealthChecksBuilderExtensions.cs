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
}
