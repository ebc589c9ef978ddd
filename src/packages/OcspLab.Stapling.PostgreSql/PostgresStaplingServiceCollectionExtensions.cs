using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using OcspLab.Stapling;
using OcspLab.Stapling.PostgreSql;
using OcspLab.Stapling.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps the staples of a fleet in PostgreSQL.</summary>
public static class PostgresStaplingServiceCollectionExtensions
{
    /// <summary>
    /// Keeps staples in PostgreSQL for all instances, whatever <see cref="StaplingOptions.Storage"/> says: one of them
    /// asks a responder for all, and all staple what it has learned within a second. While PostgreSQL does not answer
    /// every instance goes on by itself. The application starts without it. The table <c>ocsp_staples</c> is made in
    /// the first schema of the search path. An instance takes up to six connections, unless <c>Maximum Pool Size</c>
    /// says otherwise; one of them listens.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="connectionString">Where PostgreSQL is, as Npgsql reads it.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException"><paramref name="connectionString"/> cannot be read.</exception>
    public static IServiceCollection AddOcspStaplingPostgreSql(
        this IServiceCollection services,
        string connectionString
    )
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        // A fleet is many, and a server has few.
        if (!settings.ShouldSerialize("Maximum Pool Size"))
            settings.MaxPoolSize = MostConnections;
        return Add(services, _ => new PostgresFleet(NpgsqlDataSource.Create(settings), owns: true));
    }

    /// <summary>The same over a data source of the application's own.</summary>
    /// <param name="services">The services.</param>
    /// <param name="database">Finds it.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddOcspStaplingPostgreSql(
        this IServiceCollection services,
        Func<IServiceProvider, NpgsqlDataSource> database
    )
    {
        ArgumentNullException.ThrowIfNull(database);
        return Add(services, provider => new PostgresFleet(database(provider), owns: false));
    }

    private static IServiceCollection Add(IServiceCollection services, Func<IServiceProvider, PostgresFleet> make)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(make);
        services.Replace(
            ServiceDescriptor.Singleton<IStapleChannel>(provider => new PostgresStapleChannel(
                provider.GetRequiredService<PostgresFleet>().Database
            ))
        );
        return services.Replace(ServiceDescriptor.Singleton(Choose));
    }

    private static StoreChoice Choose(IServiceProvider provider) =>
        new(
            new PostgresStapleStore(provider.GetRequiredService<PostgresFleet>().Database),
            "PostgreSQL, for all instances"
        );

    private const int MostConnections = 6;
}

/// <summary>The database that store, locks and channel share.</summary>
/// <param name="database">It.</param>
/// <param name="owns">Whether it is closed with the application.</param>
internal sealed class PostgresFleet(NpgsqlDataSource database, bool owns) : IAsyncDisposable
{
    public NpgsqlDataSource Database => database;

    public ValueTask DisposeAsync() => owns ? database.DisposeAsync() : ValueTask.CompletedTask;
}
