using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using OcspLab.Stapling;
using OcspLab.Stapling.Redis;
using OcspLab.Stapling.Storage;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps the staples of a fleet in Redis.</summary>
public static class RedisStaplingServiceCollectionExtensions
{
    /// <summary>
    /// Keeps staples in Redis for all instances, whatever <see cref="StaplingOptions.Storage"/> says: one of them asks
    /// a responder for all, under a lock, and all staple what it has learned within a second. While Redis does not
    /// answer every instance goes on by itself. The application starts without it.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">
    /// Where Redis is, as StackExchange.Redis reads it, for example <c>redis-1:6379,redis-2:6379,ssl=true</c>.
    /// <c>abortConnect</c> is always false.
    /// </param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException"><paramref name="configuration"/> cannot be read.</exception>
    public static IServiceCollection AddOcspStaplingRedis(this IServiceCollection services, string configuration)
    {
        var options = ConfigurationOptions.Parse(configuration);
        options.AbortOnConnectFail = false;
        // An instance that cannot reach Redis is to know at once, and not when a queue has timed out.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        // And that it is back: by default that takes five seconds and more.
        options.ReconnectRetryPolicy = new LinearRetry(ReconnectMilliseconds);
        return Add(
            services,
            _ => new RedisConnection(
                async () => await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false),
                owns: true
            ),
            prefix: ""
        );
    }

    /// <summary>The same over a connection of the application's own.</summary>
    /// <param name="services">The services.</param>
    /// <param name="connection">Finds it; called when it is first needed.</param>
    /// <param name="prefix">What every key and the channel begin with; default nothing.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddOcspStaplingRedis(
        this IServiceCollection services,
        Func<IServiceProvider, IConnectionMultiplexer> connection,
        string prefix = ""
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        return Add(
            services,
            provider => new RedisConnection(() => Task.FromResult(connection(provider)), owns: false),
            prefix
        );
    }

    private const int ReconnectMilliseconds = 500;

    private static IServiceCollection Add(
        IServiceCollection services,
        Func<IServiceProvider, RedisConnection> connect,
        string prefix
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(connect);
        services.Replace(
            ServiceDescriptor.Singleton<IStapleChannel>(provider => new RedisStapleChannel(
                provider.GetRequiredService<RedisConnection>(),
                prefix + "ocsp-staples"
            ))
        );
        return services.Replace(ServiceDescriptor.Singleton(provider => Choose(provider, prefix)));
    }

    private static StoreChoice Choose(IServiceProvider provider, string prefix)
    {
        var connection = provider.GetRequiredService<RedisConnection>();
        var clock = provider.GetRequiredService<TimeProvider>();
        var cache = new RedisCache(
            new RedisCacheOptions { ConnectionMultiplexerFactory = connection.GetAsync, InstanceName = prefix }
        );
        return new StoreChoice(
            new LockingStapleStore(
                new DistributedStapleStore(cache, clock),
                new RedisLocks(connection, prefix),
                LockPlace.Store,
                clock,
                provider.GetRequiredService<ILoggerFactory>().CreateLogger(StaplingLog.Category)
            ),
            "Redis, for all instances"
        );
    }
}
