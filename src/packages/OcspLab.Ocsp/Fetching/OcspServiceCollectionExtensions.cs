using System.Net;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Settings;
using Polly;
using Polly.Timeout;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers <see cref="IOcspClient"/>.</summary>
public static class OcspServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IOcspClient"/> and <see cref="IIssuerClient"/> over <see cref="IHttpClientFactory"/>, with
    /// retries, an attempt deadline and a circuit breaker a responder.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>The options, to be configured further.</returns>
    public static OptionsBuilder<OcspClientOptions> AddOcspClient(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IOcspClient>(provider =>
            Create(provider, Microsoft.Extensions.Options.Options.DefaultName)
        );
        services.TryAddSingleton<IIssuerClient>(provider =>
            ActivatorUtilities.CreateInstance<IssuerClient>(provider, Microsoft.Extensions.Options.Options.DefaultName)
        );
        return AddOcspClientCore(services, Microsoft.Extensions.Options.Options.DefaultName);
    }

    /// <summary>
    /// Adds another <see cref="IOcspClient"/> with options of its own, for certificates whose responders are reached in
    /// another way (a proxy, name servers, deadlines). It is a keyed service: ask for it by <paramref name="name"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The service's key and the options' name; not empty.</param>
    /// <returns>The options, to be configured further.</returns>
    public static OptionsBuilder<OcspClientOptions> AddOcspClient(this IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.TryAddKeyedSingleton<IOcspClient>(name, (provider, _) => Create(provider, name));
        services.TryAddKeyedSingleton<IIssuerClient>(
            name,
            (provider, _) => ActivatorUtilities.CreateInstance<IssuerClient>(provider, name)
        );
        return AddOcspClientCore(services, name);
    }

    private static OcspClient Create(IServiceProvider provider, string name) =>
        new(
            name,
            provider.GetRequiredService<IHttpClientFactory>(),
            provider.GetRequiredService<IOptionsMonitor<OcspClientOptions>>(),
            provider.GetRequiredService<TimeProvider>()
        );

    private static OptionsBuilder<OcspClientOptions> AddOcspClientCore(IServiceCollection services, string name)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DnsConnectors>();

        // RemoveAllResilienceHandlers is experimental. An application's default resilience handler must not wrap this
        // one.
#pragma warning disable EXTEXP0001
        var clients = services
            .AddHttpClient(OcspClient.HttpClientName(name), client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => new CurrentTransport(
                name,
                provider.GetRequiredService<IOptionsMonitor<OcspClientOptions>>(),
                provider.GetRequiredService<DnsConnectors>()
            ))
            // It follows the settings by itself, and its connections end after five minutes.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // What matters of a fetch is in its outcome, in one line; the factory's log has several for each request,
            // with stack traces.
            .RemoveAllLoggers()
            .RemoveAllResilienceHandlers();
        clients
            .AddResilienceHandler(
                "ocsp",
                (pipeline, context) =>
                {
                    context.EnableReloads<OcspClientOptions>(name);
                    Configure(pipeline, context.GetOptions<OcspClientOptions>(name));
                }
            )
            .SelectPipelineByAuthority();
        clients.AddHttpMessageHandler(provider => new OcspTransportHandler(
            name,
            provider.GetRequiredService<IOptionsMonitor<OcspClientOptions>>()
        ));
#pragma warning restore EXTEXP0001

        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<OcspClientOptions>, OcspClientOptionsValidator>()
        );
        services.TryAddSingleton<IOptionsFactory<OcspClientOptions>, LastValidOptionsFactory<OcspClientOptions>>();
        return services.AddOptions<OcspClientOptions>(name).ValidateOnStart();
    }

    private static void Configure(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, OcspClientOptions options)
    {
        // Metrics stay. Polly's log would tell every refused connection with a stack trace; the outcome says it in one
        // line.
        pipeline.ConfigureTelemetry(NullLoggerFactory.Instance);
        if (options.Retries > 0)
        {
            pipeline.AddRetry(
                new HttpRetryStrategyOptions
                {
                    MaxRetryAttempts = options.Retries,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = TimeSpan.FromMilliseconds(200),
                    // "Come back in an hour" is for the next refresh to heed, not for a fetch that has seconds.
                    ShouldRetryAfterHeader = false,
                    ShouldHandle = attempt =>
                        ValueTask.FromResult(
                            HttpClientResiliencePredicates.IsTransient(attempt.Outcome)
                                && attempt.Outcome.Result
                                    is null
                                        or { Headers.RetryAfter: null, StatusCode: not HttpStatusCode.NotImplemented }
                        ),
                }
            );
        }

        pipeline.AddCircuitBreaker(
            new HttpCircuitBreakerStrategyOptions
            {
                FailureRatio = 0.9,
                MinimumThroughput = 10,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = OcspClient.BreakDuration,
            }
        );
        pipeline.AddTimeout(new TimeoutStrategyOptions { Timeout = options.AttemptTimeout });
    }
}
