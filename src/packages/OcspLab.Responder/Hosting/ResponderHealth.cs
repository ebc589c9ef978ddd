using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Listening;

namespace OcspLab.Responder.Hosting;

/// <summary>
/// Healthy when, for every authority, a signer signs what a client would believe and the source can be asked; degraded
/// when the last signer is in the last tenth of its life.
/// </summary>
internal sealed class ResponderHealth(AuthorityDirectory authorities, TimeProvider clock) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        var now = clock.GetUtcNow();
        var data = new Dictionary<string, object>();
        var broken = new List<string>();
        var ageing = new List<string>();
        foreach (var authority in authorities.All)
        {
            if (authority.SourceFault is { } fault)
                broken.Add($"{authority.Name}: the source cannot be asked: {fault}");
            data[$"{authority.Name}:source"] = authority.SourceFault ?? "reachable";
            var working = authority.Signers.Where(signer => signer.Test(now) is null).ToList();
            if (working.Count == 0)
                broken.Add(
                    $"{authority.Name}: no signer that clients would believe: "
                        + $"{string.Join("; ", authority.Signers.Select(signer => signer.Test(now)))}"
                );
            else if (working.All(signer => signer.AgeAt(now) == SignerAge.Ageing))
                ageing.Add($"{authority.Name}: the last signer ends at {At(working.Max(signer => signer.NotAfter))}");
            foreach (var signer in authority.Signers)
                data[$"{authority.Name}:signer:{signer.Key.Certificate.Thumbprint}"] = $"until {At(signer.NotAfter)}";
        }

        if (broken.Count > 0)
            return Task.FromResult(HealthCheckResult.Unhealthy(string.Join(' ', broken), data: data));
        return Task.FromResult(
            ageing.Count > 0
                ? HealthCheckResult.Degraded(string.Join(' ', ageing), data: data)
                : HealthCheckResult.Healthy("Every authority has a signer and a source.", data)
        );
    }

    private static string At(DateTimeOffset instant) =>
        instant.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}

/// <summary>Degraded while the OCSP port is closed on purpose.</summary>
internal sealed class ListenerHealth(OcspListener listener) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    ) =>
        Task.FromResult(
            listener.Url is { } url
                ? HealthCheckResult.Healthy($"The OCSP port is {url}.")
                : HealthCheckResult.Degraded("The OCSP port is closed.")
        );
}
