using Npgsql;

namespace OcspLab.Responder.Sources;

/// <summary>Connections to PostgreSQL that do not keep a client waiting.</summary>
internal static class PostgresDataSource
{
    /// <summary>Names the database; nothing is asked of it yet.</summary>
    /// <exception cref="ArgumentException">The connection string is not one.</exception>
    public static NpgsqlDataSource Create(string connectionString)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        // A client waits for the answer, and what is ready is given on until a look has failed.
        var its = builder.ConnectionStringBuilder;
        its.Timeout = Bounded(its.Timeout);
        its.CommandTimeout = Bounded(its.CommandTimeout);
        return builder.Build();
    }

    /// <summary>The rows that a statement returns.</summary>
    public static async Task<IReadOnlyList<T>> ReadAllAsync<T>(
        this NpgsqlCommand command,
        Func<NpgsqlDataReader, T> read,
        IReadOnlyCollection<NpgsqlParameter> parameters,
        CancellationToken cancellationToken
    )
    {
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>What went wrong, as whoever asks a source expects it.</summary>
    public static IOException Fault(Exception exception) => new($"PostgreSQL: {exception.Message}", exception);

    // Npgsql's 0 is without end.
    private static int Bounded(int seconds) => seconds is > 0 and < TimeoutSeconds ? seconds : TimeoutSeconds;

    private const int TimeoutSeconds = 5;
}
