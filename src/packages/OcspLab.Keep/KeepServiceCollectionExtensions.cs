using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Options;
using OcspLab.Keep.Health;
using OcspLab.Keep.Keeping;
using OcspLab.Keep.Serving;
using OcspLab.Keep.Settings;
using OcspLab.Ocsp.Settings;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the keeper of staples.</summary>
public static class KeepServiceCollectionExtensions
{
    /// <summary>
    /// Adds what keeps staples for other servers, with the stapling engine. Options come from the sections <c>Keep</c>
    /// and <c>OcspStapling</c>; they are checked at start, and a change that cannot be meant is left aside.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The configuration.</param>
    /// <returns>The options, to be configured further.</returns>
    public static OptionsBuilder<KeepOptions> AddOcspKeep(
        this IServiceCollection services,
        IConfiguration configuration
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOcspStapling(configuration);
        services.TryAddSingleton<ISystemdNotifier, SystemdNotifier>();
        services.TryAddSingleton<Keeper>();
        services.TryAddSingleton<StapleAnswers>();
        services.TryAddSingleton<KeepHealth>();
        services.TryAddSingleton<KeepMetrics>();
        services.TryAddSingleton<StapleServer>();
        services.AddHostedService(provider =>
        {
            provider.GetRequiredService<KeepMetrics>();
            return provider.GetRequiredService<Keeper>();
        });
        services.AddHostedService(provider => provider.GetRequiredService<StapleServer>());
        services.AddHostedService<SystemdNotice>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KeepOptions>, KeepOptionsValidator>());
        services.TryAddSingleton<IOptionsFactory<KeepOptions>, LastValidOptionsFactory<KeepOptions>>();
        return services.AddOptions<KeepOptions>().BindConfiguration(KeepOptions.Section).ValidateOnStart();
    }
}
