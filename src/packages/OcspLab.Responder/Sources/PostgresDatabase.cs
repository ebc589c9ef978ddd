using Npgsql;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The PostgreSQL database of a registry: its tables, made when they are missing and the role may do so, and what
/// others have changed about one authority. Thread-safe.
/// </summary>
internal sealed class PostgresDatabase : IAsyncDisposable, IDisposable
{
    private readonly NpgsqlDataSource _source;
    private readonly string _authority;
    private readonly PostgresListener _listener;
    private volatile bool _hasSchema;
    private long _revision = -1;

    /// <summary>Names the database; nothing is asked of it yet.</summary>
    /// <exception cref="ArgumentException">The connection string is not one.</exception>
    public PostgresDatabase(string connectionString, string authority)
    {
        _source = PostgresDataSource.Create(connectionString);
        _authority = authority;
        _listener = new PostgresListener(_source, PostgresSchema.Channel, authority);
    }

    /// <summary>Ends when somebody has committed a change about the authority since the last call.</summary>
    public Task WaitForNewsAsync(CancellationToken cancellationToken) => _listener.WaitAsync(cancellationToken);

    /// <summary>The rows that a question of one statement brings.</summary>
    /// <exception cref="IOException">It cannot be asked.</exception>
    public ValueTask<IReadOnlyList<T>> QueryAsync<T>(
        string sql,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancellationToken,
        params IReadOnlyCollection<NpgsqlParameter> parameters
    ) =>
        GuardAsync<IReadOnlyList<T>>(
            async () =>
            {
                await using var command = _source.CreateCommand(sql);
                return await command.ReadAllAsync(read, parameters, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken
        );

    /// <summary>Carries out a change in a transaction that is on disk when it returns.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public ValueTask<T> ChangeAsync<T>(Func<Change, Task<T>> work, CancellationToken cancellationToken) =>
        GuardAsync(
            async () =>
            {
                await using var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                await using var transaction = await connection
                    .BeginTransactionAsync(cancellationToken)
                    .ConfigureAwait(false);
                await MakeDurableAsync(connection, transaction, cancellationToken).ConfigureAwait(false);
                var change = new Change(connection, transaction, cancellationToken);
                var result = await work(change).ConfigureAwait(false);
                var revision = change.IsOne
                    ? await ReadRevisionAsync(connection, cancellationToken).ConfigureAwait(false)
                    : 0;
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                // Our own change is told by the event; it is not one by others, unless theirs came between.
                if (change.IsOne)
                    Interlocked.CompareExchange(ref _revision, revision, revision - 1);
                return result;
            },
            cancellationToken
        );

    /// <summary>What others have committed since the last call; everything, at the first.</summary>
    /// <exception cref="IOException">It cannot be asked.</exception>
    public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken) =>
        GuardAsync(
            async () =>
            {
                await using var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                var revision = await ReadRevisionAsync(connection, cancellationToken).ConfigureAwait(false);
                var seen = Interlocked.Read(ref _revision);
                if (revision == seen)
                    return SourceChanges.None;
                var changes =
                    seen < 0 || revision < seen || revision - seen > MostChanges
                        ? SourceChanges.All
                        : await ReadChangesAsync(connection, seen, revision, cancellationToken).ConfigureAwait(false);
                // Not before they were read; and a change of our own meanwhile leaves it to the next look.
                Interlocked.CompareExchange(ref _revision, revision, seen);
                return changes;
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        _source.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return _source.DisposeAsync();
    }

    // A session that commits asynchronously by default must not lose an acknowledged revocation.
    private static async Task MakeDurableAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        await using var durable = new NpgsqlCommand(
            "SELECT set_config('synchronous_commit', 'on', true) WHERE "
                + "current_setting('synchronous_commit') IN ('off', 'local')",
            connection,
            transaction
        );
        await durable.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<long> ReadRevisionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT coalesce((SELECT number FROM ocsp_revisions WHERE authority = $1), 0)",
            connection
        );
        command.Parameters.Add(new() { Value = _authority });
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private async Task<SourceChanges> ReadChangesAsync(
        NpgsqlConnection connection,
        long seen,
        long revision,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(
            "SELECT serial FROM ocsp_changes WHERE authority = $1 AND number > $2 AND number <= $3",
            connection
        );
        command.Parameters.Add(new() { Value = _authority });
        command.Parameters.Add(new() { Value = seen });
        command.Parameters.Add(new() { Value = revision });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var serials = new List<string>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            // All of them were changed by one statement.
            if (reader.IsDBNull(0))
                return SourceChanges.All;
            serials.Add(reader.GetString(0));
        }

        // Each has a number: where one is missing, it was let go of before we saw it.
        return serials.Count == revision - seen ? SourceChanges.Of(serials) : SourceChanges.All;
    }

    private async ValueTask<T> GuardAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            if (!_hasSchema)
                await EnsureSchemaAsync(cancellationToken).ConfigureAwait(false);
            return await work().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            throw PostgresDataSource.Fault(exception);
        }
    }

    private async Task EnsureSchemaAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (var look = new NpgsqlCommand(PostgresSchema.Look, connection))
        {
            var state = (string)(await look.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
            if (state == "none")
                await MakeSchemaAsync(connection, cancellationToken).ConfigureAwait(false);
            else if (state == "old")
                await TryRenewSchemaAsync(connection, cancellationToken).ConfigureAwait(false);
        }

        // The number is there before the first change: emptying the table counts for those that it finds.
        await using var begin = new NpgsqlCommand(
            "INSERT INTO ocsp_revisions SELECT $1, 0 WHERE has_table_privilege('ocsp_revisions', 'INSERT') "
                + "ON CONFLICT DO NOTHING",
            connection
        );
        begin.Parameters.Add(new() { Value = _authority });
        await begin.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        _hasSchema = true;
    }

    // An earlier release has made it, which does not tell of changes; looking for them finds them all the same.
    private static async Task TryRenewSchemaAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            // Nothing else: the tables are in use.
            await using var renew = new NpgsqlCommand(PostgresSchema.NoteChange, connection);
            await renew.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException)
        {
            // Its owner may, once one of this release runs under that role.
        }
    }

    private static async Task MakeSchemaAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Several machines start at once; IF NOT EXISTS alone does not keep them out of each other's way.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (var make = new NpgsqlCommand(PostgresSchema.Text, connection, transaction))
            await make.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    private const int MostChanges = 10_000;

    /// <summary>A change that is being made.</summary>
    public sealed class Change(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CancellationToken cancellationToken
    )
    {
        /// <summary>
        /// Whether it is exactly one row's, which the change log counts as one. Several are left to the next look.
        /// </summary>
        public bool IsOne { get; set; }

        /// <summary>Carries out a statement, and tells what it returns.</summary>
        public async Task<IReadOnlyList<T>> QueryAsync<T>(
            string sql,
            Func<NpgsqlDataReader, T> read,
            params IReadOnlyCollection<NpgsqlParameter> parameters
        )
        {
            await using var command = Command(sql);
            return await command.ReadAllAsync(read, parameters, cancellationToken).ConfigureAwait(false);
        }

        /// <summary>Carries out a statement, and tells how many rows it has changed.</summary>
        public async Task<int> ExecuteAsync(string sql, params IReadOnlyCollection<NpgsqlParameter> parameters)
        {
            await using var command = Command(sql);
            foreach (var parameter in parameters)
                command.Parameters.Add(parameter);
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

#pragma warning disable CA2100 // Statements are the registry's own; what comes from outside goes in as a parameter.
        private NpgsqlCommand Command(string sql) => new(sql, connection, transaction);
#pragma warning restore CA2100
    }
}
