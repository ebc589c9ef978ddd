using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Settings;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the stapling engine.</summary>
public static class StaplingServiceCollectionExtensions
{
    /// <summary>Adds the engine and <see cref="IStaplingStatus"/>; options come from the sections <c>OcspStapling</c> and <c>OcspStapling:Fetch</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">Where the named clients of <c>OcspStapling:Clients</c> are read, or null for none.</param>
    public static OptionsBuilder<StaplingOptions> AddOcspStapling(this IServiceCollection services, IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StaplingMetrics>();
        services.TryAddSingleton(CreateEngine);
        services.TryAddSingleton<IStaplingStatus>(provider => provider.GetRequiredService<StaplingEngine>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StaplingEngine>(provider => provider.GetRequiredService<StaplingEngine>()));
        services.AddOcspClient().BindConfiguration($"{StaplingOptions.Section}:Fetch");
        foreach (var client in configuration?.GetSection($"{StaplingOptions.Section}:Clients").GetChildren() ?? [])
            services.AddOcspClient(client.Key).BindConfiguration(client.Path);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StaplingOptions>, BoundsValidator<StaplingOptions>>(_ => new BoundsValidator<StaplingOptions>(_ => StaplingOptions.Section)));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StaplingOptions>, StaplingReferencesValidator>());
        services.TryAddSingleton<IOptionsFactory<StaplingOptions>, SteadyOptionsFactory<StaplingOptions>>();
        return services.AddOptions<StaplingOptions>().BindConfiguration(StaplingOptions.Section)
            .Configure<IConfiguration>((options, settings) => options.Verification = Bind(options.Verification, settings.GetSection($"{StaplingOptions.Section}:{nameof(StaplingOptions.Verification)}")))
            .ValidateOnStart();
    }

    // The generated binder leaves properties alone that are set once.
    private static VerificationPolicy Bind(VerificationPolicy policy, IConfigurationSection section) => policy with
    {
        ClockSkew = section.GetValue(nameof(policy.ClockSkew), policy.ClockSkew),
        MissingNextUpdate = section.GetValue(nameof(policy.MissingNextUpdate), policy.MissingNextUpdate),
        AgeWithoutNextUpdate = section.GetValue(nameof(policy.AgeWithoutNextUpdate), policy.AgeWithoutNextUpdate),
        MaximumAge = section.GetValue(nameof(policy.MaximumAge), policy.MaximumAge),
        Sha1Signatures = section.GetValue(nameof(policy.Sha1Signatures), policy.Sha1Signatures),
        DelegateWithoutNoCheck = section.GetValue(nameof(policy.DelegateWithoutNoCheck), policy.DelegateWithoutNoCheck),
    };

    private static StaplingEngine CreateEngine(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<StaplingOptions>>();
        var loggers = provider.GetRequiredService<ILoggerFactory>();
        var clock = provider.GetRequiredService<TimeProvider>();
        return new StaplingEngine(
            new StapleFetcher(name => name.Length == 0 ? provider.GetRequiredService<IOcspClient>() : provider.GetRequiredKeyedService<IOcspClient>(name), clock),
            provider.GetService<IStapleStore>() ?? CreateStore(provider, options.CurrentValue, loggers),
            options,
            provider.GetRequiredService<StaplingMetrics>(),
            clock,
            new Random(),
            loggers);
    }

    // An application's own IStapleStore comes before any of these.
    private static IStapleStore? CreateStore(IServiceProvider provider, StaplingOptions options, ILoggerFactory loggers)
    {
        switch (options.Storage)
        {
            case StapleStorage.DistributedCache:
                return new DistributedStapleStore(provider.GetRequiredService<IDistributedCache>(), provider.GetRequiredService<TimeProvider>());
            case StapleStorage.Directory when (options.StorageDirectory ?? DirectoryStapleStore.DefaultDirectory(Environment.GetEnvironmentVariable)) is { } directory:
                return new DirectoryStapleStore(directory);
            case StapleStorage.Directory:
                loggers.CreateLogger("OcspLab.Stapling").StoreFailed("no directory is set, and this system has none for application data: set OcspStapling:StorageDirectory");
                return null;
            default:
                return null;
        }
    }
}
