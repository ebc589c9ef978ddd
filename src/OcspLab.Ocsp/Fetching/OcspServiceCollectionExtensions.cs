using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp;
using Polly;
using Polly.Timeout;

namespace OcspLab;

/// <summary>Registers <see cref="IOcspClient"/>.</summary>
public static class OcspServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IOcspClient"/> over <see cref="IHttpClientFactory"/>, with retries, an attempt deadline and a circuit breaker a responder.</summary>
    /// <param name="services">The services.</param>
    /// <returns>The options, to be configured further.</returns>
    public static OptionsBuilder<OcspClientOptions> AddOcspClient(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IOcspClient, OcspClient>();

#pragma warning disable EXTEXP0001 // RemoveAllResilienceHandlers: an application's default resilience handler must not wrap this one.
        services.AddHttpClient(OcspClient.HttpClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .UseSocketsHttpHandler((handler, provider) => Configure(handler, provider.GetRequiredService<IOptionsMonitor<OcspClientOptions>>().CurrentValue))
            .RemoveAllResilienceHandlers()
            .AddResilienceHandler("ocsp", (pipeline, context) => Configure(pipeline, context.ServiceProvider.GetRequiredService<IOptionsMonitor<OcspClientOptions>>().CurrentValue))
            .SelectPipelineByAuthority();
#pragma warning restore EXTEXP0001

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OcspClientOptions>, OcspClientOptionsValidator>());
        return services.AddOptions<OcspClientOptions>()
            .Validate(options => options.Resolvers.All(server => IPEndPoint.TryParse(server, out _)), "Resolvers: each is an IP address, with a port if it isn't 53.")
            .ValidateOnStart();
    }

    private static void Configure(SocketsHttpHandler handler, OcspClientOptions options)
    {
        handler.MaxAutomaticRedirections = 10;
        handler.UseCookies = false;
        handler.MaxResponseHeadersLength = 16;
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        if (options.Resolvers.Count > 0)
        {
            handler.UseProxy = false;
            handler.ConnectCallback = new DnsConnector(options).ConnectAsync;
        }
    }

    private static void Configure(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, OcspClientOptions options)
    {
        // Metrics stay. Polly's log would tell every refused connection with a stack trace; the outcome says it in one line.
        pipeline.ConfigureTelemetry(NullLoggerFactory.Instance);
        if (options.Retries > 0)
        {
            pipeline.AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(200),
            });
        }

        pipeline.AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
        {
            FailureRatio = 0.9,
            MinimumThroughput = 10,
            SamplingDuration = TimeSpan.FromSeconds(30),
            BreakDuration = TimeSpan.FromSeconds(5),
        });
        pipeline.AddTimeout(new TimeoutStrategyOptions { Timeout = options.AttemptTimeout });
    }
}
