using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp;
using OcspLab.Stapling;

namespace OcspLab;

/// <summary>Registers the stapling engine.</summary>
public static class StaplingServiceCollectionExtensions
{
    /// <summary>Adds the engine and <see cref="IStaplingStatus"/>; options come from the sections <c>OcspStapling</c> and <c>OcspStapling:Fetch</c>.</summary>
    public static OptionsBuilder<StaplingOptions> AddOcspStapling(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StaplingMetrics>();
        services.TryAddSingleton(provider => new StaplingEngine(
            provider.GetRequiredService<IOcspClient>(),
            provider.GetRequiredService<IOptionsMonitor<StaplingOptions>>(),
            provider.GetRequiredService<StaplingMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            new Random(),
            provider.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>()));
        services.TryAddSingleton<IStaplingStatus>(provider => provider.GetRequiredService<StaplingEngine>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StaplingEngine>(provider => provider.GetRequiredService<StaplingEngine>()));
        services.AddOcspClient().BindConfiguration($"{StaplingOptions.Section}:Fetch");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StaplingOptions>, StaplingOptionsValidator>());
        return services.AddOptions<StaplingOptions>().BindConfiguration(StaplingOptions.Section)
            .Validate(options => options.Responder is null or { IsAbsoluteUri: true, Scheme: "http" or "https" }, "Responder: an absolute http or https URL.")
            .ValidateOnStart();
    }
}
