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
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the stapling engine.</summary>
public static class StaplingServiceCollectionExtensions
{
    /// <summary>
    /// Adds the engine and <see cref="IStaplingStatus"/>; options come from the sections <c>OcspStapling</c> and
    /// <c>OcspStapling:Fetch</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">
    /// Where the named clients of <c>OcspStapling:Clients</c> are read, or null for none.
    /// </param>
    public static OptionsBuilder<StaplingOptions> AddOcspStapling(
        this IServiceCollection services,
        IConfiguration? configuration = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StaplingMetrics>();
        AddEngine(services);
        AddClient(services.AddOcspClient(), $"{StaplingOptions.Section}:Fetch");
        foreach (var client in configuration?.GetSection($"{StaplingOptions.Section}:Clients").GetChildren() ?? [])
            AddClient(services.AddOcspClient(client.Key), client.Path);
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<StaplingOptions>, StaplingOptionsValidator>()
        );
        services.TryAddSingleton<IOptionsFactory<StaplingOptions>, LastValidOptionsFactory<StaplingOptions>>();
        return services
            .AddOptions<StaplingOptions>()
            .BindConfiguration(StaplingOptions.Section)
            .Configure<IConfiguration>(
                (options, settings) =>
                    options.Verification = Bind(
                        options.Verification,
                        settings.GetSection($"{StaplingOptions.Section}:{nameof(StaplingOptions.Verification)}")
                    )
            )
            .ValidateOnStart();
    }

    // The generated binder leaves properties alone that are set once.
    private static VerificationPolicy Bind(VerificationPolicy policy, IConfigurationSection section) =>
        policy with
        {
            ClockSkew = section.GetValue(nameof(policy.ClockSkew), policy.ClockSkew),
            MissingNextUpdate = section.GetValue(nameof(policy.MissingNextUpdate), policy.MissingNextUpdate),
            AgeWithoutNextUpdate = section.GetValue(nameof(policy.AgeWithoutNextUpdate), policy.AgeWithoutNextUpdate),
            MaximumAge = section.GetValue(nameof(policy.MaximumAge), policy.MaximumAge),
            Sha1Signatures = section.GetValue(nameof(policy.Sha1Signatures), policy.Sha1Signatures),
            DelegateWithoutNoCheck = section.GetValue(
                nameof(policy.DelegateWithoutNoCheck),
                policy.DelegateWithoutNoCheck
            ),
        };

    private static void AddEngine(IServiceCollection services)
    {
        services.TryAddSingleton<HandOffStatus>(_ => DetectHandOff());
        services.TryAddSingleton(provider => new StapleFetcher(
            provider,
            provider.GetRequiredService<IOptions<StaplingOptions>>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton(provider => new StapleArchive(
            provider.GetService<IStapleStore>() ?? CreateStore(provider),
            provider.GetRequiredService<TimeProvider>(),
            LoggerOf(provider)
        ));
        services.TryAddSingleton(provider => new RefreshSchedule(
            provider.GetRequiredService<IOptionsMonitor<StaplingOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            new Random()
        ));
        services.TryAddSingleton(provider => new StapleRefresher(
            provider.GetRequiredService<StapleFetcher>(),
            provider.GetRequiredService<StapleArchive>(),
            provider.GetRequiredService<RefreshSchedule>(),
            provider.GetRequiredService<IOptionsMonitor<StaplingOptions>>(),
            provider.GetRequiredService<StaplingMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            LoggerOf(provider)
        ));
        services.TryAddSingleton(provider => new StaplingEngine(
            provider.GetRequiredService<StapleRefresher>(),
            provider.GetRequiredService<IOptionsMonitor<StaplingOptions>>(),
            provider.GetRequiredService<StaplingMetrics>(),
            provider.GetRequiredService<HandOffStatus>(),
            provider.GetRequiredService<TimeProvider>(),
            LoggerOf(provider)
        ));
        services.TryAddSingleton<IStaplingStatus>(provider => provider.GetRequiredService<StaplingEngine>());
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IHostedService, StaplingEngine>(provider =>
                provider.GetRequiredService<StaplingEngine>()
            )
        );
        services.TryAddSingleton<CertificateContexts>();
        services.TryAddSingleton<HandshakeStapler>();
    }

    private static HandOffStatus DetectHandOff()
    {
        var status = new HandOffStatus();
        if (StapleCanary.Find() is { Obstacle: { } obstacle, Mode: var mode })
            status.GiveUp(mode, obstacle);
        return status;
    }

    private static void AddClient(OptionsBuilder<OcspClientOptions> client, string section)
    {
        client.BindConfiguration(section);
        client.Services.AddSingleton(new OcspClientSection(client.Name, section));
    }

    private static ILogger LoggerOf(IServiceProvider provider) =>
        provider.GetRequiredService<ILoggerFactory>().CreateLogger(StaplingLog.Category);

    // An application's own IStapleStore comes before any of these.
    private static IStapleStore? CreateStore(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<StaplingOptions>>().CurrentValue;
        switch (options.Storage)
        {
            case StapleStorage.DistributedCache:
                return new DistributedStapleStore(
                    provider.GetRequiredService<IDistributedCache>(),
                    provider.GetRequiredService<TimeProvider>()
                );
            case StapleStorage.Directory
                when (
                    options.StorageDirectory
                    ?? DirectoryStapleStore.DefaultDirectory(Environment.GetEnvironmentVariable)
                )
                    is { } directory:
                return new DirectoryStapleStore(directory);
            case StapleStorage.Directory:
                LoggerOf(provider)
                    .StoreFailed(
                        "no directory is set, and this system has none for application data: set "
                            + "OcspStapling:StorageDirectory"
                    );
                return null;
            default:
                return null;
        }
    }
}
