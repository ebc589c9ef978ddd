using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Settings;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Handshakes;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the stapling engine.</summary>
public static class StaplingServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IOcspStapler"/> and <see cref="IStaplingStatus"/>; options come from the sections
    /// <c>OcspStapling</c> and <c>OcspStapling:Fetch</c>, where there is a configuration. For Kestrel call
    /// <c>UseOcspStapling</c> instead.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">
    /// The application's configuration, for the named clients of <c>OcspStapling:Clients</c>, and for all else where
    /// the services have none of their own; or null for none.
    /// </param>
    /// <returns>The options, to be configured further.</returns>
    public static OptionsBuilder<StaplingOptions> AddOcspStapling(
        this IServiceCollection services,
        IConfiguration? configuration = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddMetrics();
        services.AddLogging();
        // A server without a host may have none.
        services.TryAddSingleton(_ => configuration ?? new ConfigurationBuilder().Build());
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
                {
                    var section = settings.GetSection(StaplingOptions.Section);
                    options.Verification = Bind(options.Verification, section.GetSection(nameof(options.Verification)));
                    Bind(options.Responders, section.GetSection(nameof(options.Responders)));
                }
            )
            .ValidateOnStart();
    }

    // A URL has colons, which the configuration takes for levels of its own.
    private static void Bind(IDictionary<string, Uri> responders, IConfigurationSection section)
    {
        foreach (var child in section.GetChildren())
            responders.Remove(child.Key);
        foreach (var (key, value) in section.AsEnumerable(makePathsRelative: true))
        {
            if (value is not null)
                responders[key] = Uri.TryCreate(value, UriKind.RelativeOrAbsolute, out var url)
                    ? url
                    : throw new InvalidOperationException($"{section.Path}:{key}: '{value}' is not a URL.");
        }
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
        services.TryAddSingleton(_ => new StoreThreads(new BlockingThreads("OCSP staple store")));
        services.TryAddSingleton(_ => new FileThreads(new BlockingThreads("OCSP files")));
        services.TryAddSingleton<IssuerFinder>();
        services.TryAddSingleton<StapleFetcher>();
        services.TryAddSingleton<StapleLookup>();
        services.TryAddSingleton<IssuerSearch>();
        services.TryAddSingleton(StoreChoice.Make);
        services.TryAddSingleton(provider => new FleetNews(
            provider.GetService<IStapleChannel>(),
            provider.GetRequiredService<TimeProvider>(),
            LoggerOf(provider)
        ));
        services.TryAddSingleton(provider => new StoreAttempts(
            provider.GetRequiredService<StoreChoice>().Store,
            provider.GetRequiredService<StoreThreads>().Threads,
            provider.GetRequiredService<TimeProvider>(),
            LoggerOf(provider)
        ));
        services.TryAddSingleton(provider => new StapleArchive(
            provider.GetRequiredService<StoreAttempts>(),
            provider.GetRequiredService<FleetNews>(),
            provider.GetRequiredService<TimeProvider>(),
            LoggerOf(provider)
        ));
        services.TryAddSingleton(provider => new RefreshSchedule(
            provider.GetRequiredService<IOptionsMonitor<StaplingOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            new Random()
        ));
        services.TryAddSingleton(provider =>
            ActivatorUtilities.CreateInstance<StaplingNews>(provider, LoggerOf(provider))
        );
        services.TryAddSingleton(provider =>
            ActivatorUtilities.CreateInstance<StapleRefresher>(provider, LoggerOf(provider))
        );
        services.TryAddSingleton(provider =>
            ActivatorUtilities.CreateInstance<StaplingEngine>(provider, LoggerOf(provider))
        );
        services.TryAddSingleton<CertificateContexts>();
        services.TryAddSingleton<OcspStapler>();
        services.TryAddSingleton<IOcspStapler>(provider => provider.GetRequiredService<OcspStapler>());
        services.TryAddSingleton<IStaplingStatus>(provider => provider.GetRequiredService<StaplingEngine>());
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IHostedService, StaplingEngine>(provider =>
                provider.GetRequiredService<StaplingEngine>()
            )
        );
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StaplingAnnouncement>());
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
}
