using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OcspLab.Lab.Health;

/// <summary>What <c>keep</c> says of itself.</summary>
internal sealed class KeepHealthCheck(Uri address) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            using var response = await LoopbackClient
                .Instance.GetAsync(address, cancellationToken)
                .ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.OK)
                return HealthCheckResult.Healthy();
            var report = await response.Content.ReadFromJsonAsync<Report>(cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Degraded(report?.Describe() ?? $"{address} says {response.StatusCode}");
        }
        catch (Exception exception)
            when (exception is HttpRequestException or JsonException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }

    private sealed record Report(string? ReloadFault, IReadOnlyList<Kept>? Certificates)
    {
        public string Describe() =>
            string.Join(
                "; ",
                (Certificates ?? [])
                    .Select(kept => $"{kept.Name}: {kept.Fault ?? kept.State}")
                    .Append(ReloadFault)
                    .Where(part => !string.IsNullOrEmpty(part))
            );
    }

    private sealed record Kept(string Name, string State, string? Fault);
}
