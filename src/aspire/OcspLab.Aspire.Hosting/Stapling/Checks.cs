using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>Health checks of resources.</summary>
internal static class Checks
{
    /// <summary>Adds a check, which is made when it is first needed: by then the application is complete.</summary>
    public static IResourceBuilder<T> WithCheck<T>(this IResourceBuilder<T> resource, Func<IHealthCheck> check)
        where T : IResource
    {
        var made = new Lazy<IHealthCheck>(check);
        var name = $"{resource.Resource.Name}-health";
        resource
            .ApplicationBuilder.Services.AddHealthChecks()
            .Add(new HealthCheckRegistration(name, _ => made.Value, null, null));
        return resource.WithHealthCheck(name);
    }
}
