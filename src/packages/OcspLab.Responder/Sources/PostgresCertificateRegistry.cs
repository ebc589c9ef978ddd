using Npgsql;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The registry of one authority in PostgreSQL, for responders on several machines; several authorities may share a
/// database. What one machine commits, the others answer within about a second. The tables are made when they are
/// missing and the role may do so.
/// </summary>
public sealed class PostgresCertificateRegistry
    : ICertificateRegistry,
        IStatusSource,
        ICertificateList,
        IAsyncDisposable,
        IDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly string _authority;
    private readonly TimeProvider _clock;
    private volatile bool _hasSchema;
    private long _revision = -1;

    /// <summary>Names the database; nothing is asked of it yet.</summary>
    /// <param name="connectionString">As Npgsql has it.</param>
    /// <param name="authority">Tells this authority's certificates from others'; the same on every machine.</param>
    /// <param name="clock">Dates revocations.</param>
    /// <exception cref="ArgumentException">The connection string is not one.</exception>
    public PostgresCertificateRegistry(string connectionString, string authority, TimeProvider clock)
    {
        _database = PostgresDataSource.Create(connectionString);
        _authority = authority;
        _clock = clock;
    }

    /// <inheritdoc/>
    public event Action<string?>? Changed;

    /// <inheritdoc/>
    public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken) =>
        GuardAsync(
            async () =>
            {
                await using var command = _database.CreateCommand(
                    $"SELECT {Columns} FROM ocsp_certificates WHERE authority = $1 AND serial = $2"
                );
                command.Parameters.Add(new() { Value = _authority });
                command.Parameters.Add(new() { Value = serialNumber });
                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                return await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? Read(reader).ToStatus() : null;
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken) =>
        GuardAsync(
            async () =>
            {
                await using var connection = await _database
                    .OpenConnectionAsync(cancellationToken)
                    .ConfigureAwait(false);
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
    public ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken) =>
        GuardAsync<IReadOnlyCollection<string>>(
            async () =>
            {
                await using var command = _database.CreateCommand(
                    "SELECT serial FROM ocsp_certificates WHERE authority = $1 AND not_after > $2"
                );
                command.Parameters.Add(new() { Value = _authority });
                command.Parameters.Add(new() { Value = _clock.GetUtcNow() });
                await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                var serials = new List<string>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    serials.Add(reader.GetString(0));
                return serials;
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
        await GuardAsync(
                async () =>
                {
                    await using var command = _database.CreateCommand(
                        $"SELECT {Columns} FROM ocsp_certificates WHERE authority = $1 ORDER BY id"
                    );
                    command.Parameters.Add(new() { Value = _authority });
                    await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                    var certificates = new List<RegisteredCertificate>();
                    while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                        certificates.Add(Read(reader));
                    return certificates;
                },
                cancellationToken
            )
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        await GuardAsync(
                async () =>
                {
                    await using var command = _database.CreateCommand(
                        "INSERT INTO ocsp_certificates (authority, serial, name, issued_at, not_after) VALUES ($1, "
                            + "$2, $3, $4, $5) ON CONFLICT (authority, serial) DO NOTHING"
                    );
                    command.Parameters.Add(new() { Value = _authority });
                    command.Parameters.Add(new() { Value = certificate.SerialNumber });
                    command.Parameters.Add(new() { Value = certificate.Name });
                    command.Parameters.Add(new() { Value = certificate.IssuedAt.ToUniversalTime() });
                    command.Parameters.Add(new() { Value = certificate.NotAfter.ToUniversalTime() });
                    return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        Changed?.Invoke(certificate.SerialNumber);
    }

    /// <inheritdoc/>
    public async Task<ImportResult> ImportAsync(
        IReadOnlyCollection<RegisteredCertificate> certificates,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(certificates);
        var changed = new List<string>();
        var result = await GuardAsync(
                async () =>
                {
                    await using var connection = await _database
                        .OpenConnectionAsync(cancellationToken)
                        .ConfigureAwait(false);
                    await using var transaction = await connection
                        .BeginTransactionAsync(cancellationToken)
                        .ConfigureAwait(false);
                    await MakeDurableAsync(connection, transaction, cancellationToken).ConfigureAwait(false);
                    var sum = new ImportResult(0, 0, 0);
                    foreach (var certificate in certificates)
                    {
                        var added = await ExecuteAsync(Insertion, certificate).ConfigureAwait(false);
                        var revoked = added == 0 ? await ExecuteAsync(Revoking, certificate).ConfigureAwait(false) : 0;
                        sum += new ImportResult(added, revoked, 1 - added - revoked);
                        if (added + revoked > 0)
                            changed.Add(certificate.SerialNumber);
                    }

                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                    return sum;

                    async Task<int> ExecuteAsync(string sql, RegisteredCertificate certificate)
                    {
#pragma warning disable CA2100 // One of two statements of this file.
                        await using var command = new NpgsqlCommand(sql, connection, transaction);
#pragma warning restore CA2100
                        foreach (var value in Values(certificate))
                            command.Parameters.Add(value);
                        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                    }
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        changed.ForEach(serial => Changed?.Invoke(serial));
        return result;
    }

    /// <inheritdoc/>
    public async Task<int> PurgeAsync(DateTimeOffset expiredBefore, CancellationToken cancellationToken)
    {
        var gone = await GuardAsync(
                async () =>
                {
                    await using var command = _database.CreateCommand(
                        "DELETE FROM ocsp_certificates WHERE authority = $1 AND not_after < $2 RETURNING serial"
                    );
                    command.Parameters.Add(new() { Value = _authority });
                    command.Parameters.Add(new() { Value = expiredBefore.ToUniversalTime() });
                    await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                    var serials = new List<string>();
                    while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                        serials.Add(reader.GetString(0));
                    return serials;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        gone.ForEach(serial => Changed?.Invoke(serial));
        return gone.Count;
    }

    private NpgsqlParameter[] Values(RegisteredCertificate certificate) =>
        [
            new() { Value = _authority },
            new() { Value = certificate.SerialNumber },
            new() { Value = certificate.Name },
            Time(certificate.IssuedAt),
            Time(certificate.NotAfter),
            Time(certificate.RevokedAt),
            new()
            {
                Value = certificate.Reason is { } reason ? (int)reason : DBNull.Value,
                NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer,
            },
            Time(certificate.InvalidSince),
            Time(_clock.GetUtcNow()),
        ];

    private static NpgsqlParameter Time(DateTimeOffset? time) =>
        new()
        {
            Value = time is { } known ? known.ToUniversalTime() : DBNull.Value,
            NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz,
        };

    private const string Insertion =
        "INSERT INTO ocsp_certificates (authority, serial, name, issued_at, not_after, revoked_at, reason, "
        + "invalid_since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (authority, serial) DO NOTHING";

    private const string Revoking =
        "UPDATE ocsp_certificates SET revoked_at = $6, reason = $7, invalid_since = $8, changed_at = $9 "
        + "WHERE authority = $1 AND serial = $2 AND revoked_at IS NULL AND $6 IS NOT NULL";

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RevokeAsync(
        string nameOrSerial,
        Revocation revocation,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(revocation);
        revocation.Require(_clock.GetUtcNow());
        return UpdateAsync(
            nameOrSerial,
            "revoked_at = coalesce($5, revoked_at, $3), reason = $4, invalid_since = coalesce($6, invalid_since), "
                + "changed_at = $3",
            revocation,
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
        UpdateAsync(
            nameOrSerial,
            "revoked_at = $5, reason = $4, invalid_since = $6, changed_at = $3",
            null,
            cancellationToken
        );

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private async Task<RegisteredCertificate?> UpdateAsync(
        string nameOrSerial,
        string change,
        Revocation? revocation,
        CancellationToken cancellationToken
    )
    {
        var changed = await GuardAsync(
                async () =>
                {
                    await using var connection = await _database
                        .OpenConnectionAsync(cancellationToken)
                        .ConfigureAwait(false);
                    await using var transaction = await connection
                        .BeginTransactionAsync(cancellationToken)
                        .ConfigureAwait(false);
                    await MakeDurableAsync(connection, transaction, cancellationToken).ConfigureAwait(false);
                    RegisteredCertificate? row;
#pragma warning disable CA2100 // Every change is written in this file; what comes from outside goes in as a parameter.
                    await using (
                        var command = new NpgsqlCommand(
                            $"UPDATE ocsp_certificates SET {change} WHERE id = (SELECT id FROM ocsp_certificates "
                                + $"WHERE authority = $1 AND (serial = $2 OR name = $2) ORDER BY serial = $2 DESC, "
                                + $"id DESC LIMIT 1) RETURNING {Columns}",
                            connection,
                            transaction
                        )
                    )
#pragma warning restore CA2100
                    {
                        command.Parameters.Add(new() { Value = _authority });
                        command.Parameters.Add(new() { Value = nameOrSerial });
                        command.Parameters.Add(new() { Value = _clock.GetUtcNow() });
                        command.Parameters.Add(
                            new()
                            {
                                Value = revocation is null ? DBNull.Value : (int)revocation.Reason,
                                NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer,
                            }
                        );
                        command.Parameters.Add(Time(revocation?.At));
                        command.Parameters.Add(Time(revocation?.InvalidSince));
                        await using var reader = await command
                            .ExecuteReaderAsync(cancellationToken)
                            .ConfigureAwait(false);
                        row = await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? Read(reader) : null;
                    }

                    var revision = row is null
                        ? 0
                        : await ReadRevisionAsync(connection, cancellationToken).ConfigureAwait(false);
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                    // Our own change is told by the event; it is not one by others, unless theirs came between.
                    if (row is not null)
                        Interlocked.CompareExchange(ref _revision, revision, revision - 1);
                    return row;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        if (changed is not null)
            Changed?.Invoke(changed.SerialNumber);
        return changed;
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
        await using var connection = await _database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (var look = new NpgsqlCommand("SELECT to_regclass('ocsp_changes') IS NOT NULL", connection))
        {
            if (!(bool)(await look.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
                await MakeSchemaAsync(connection, cancellationToken).ConfigureAwait(false);
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

    private static async Task MakeSchemaAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Several machines start at once; IF NOT EXISTS alone does not keep them out of each other's way.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (var make = new NpgsqlCommand(PostgresSchema.Text, connection, transaction))
            await make.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="InvalidDataException">A time that is none, such as PostgreSQL's infinity.</exception>
    private static RegisteredCertificate Read(NpgsqlDataReader reader)
    {
        try
        {
            return new RegisteredCertificate(
                reader.GetString(1),
                reader.GetString(0),
                reader.GetFieldValue<DateTimeOffset>(2),
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(5) ? null : (RevocationReason)reader.GetInt32(5),
                reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6)
            )
            {
                InvalidSince = reader.IsDBNull(7) ? null : reader.GetFieldValue<DateTimeOffset>(7),
            }.Checked();
        }
        catch (Exception exception) when (exception is InvalidCastException or OverflowException)
        {
            throw new InvalidDataException(
                $"the row of certificate {reader.GetValue(0)} cannot be read: {exception.Message}",
                exception
            );
        }
    }

    private const int MostChanges = 10_000;

    private const string Columns = "serial, name, issued_at, not_after, revoked_at, reason, changed_at, invalid_since";
}
