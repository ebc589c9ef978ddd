using System.Security.Cryptography.X509Certificates;
using Npgsql;
using NpgsqlTypes;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The certificate database of cfssl in PostgreSQL (<c>-db-config</c>), read and never written. What it revokes is
/// noticed within about a second, by the time that it writes; what is put back to good by hand, when the answer is
/// renewed.
/// </summary>
public sealed class CfsslPostgresSource : IStatusSource, ICertificateList, IAsyncDisposable, IDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly CfsslRow _row;
    private readonly TimeProvider _clock;
    private readonly HashSet<(string Serial, DateTimeOffset At)> _told = [];
    private DateTimeOffset? _seen;

    /// <summary>Names the database; nothing is asked of it yet.</summary>
    /// <param name="connectionString">As Npgsql has it.</param>
    /// <param name="issuer">The authority whose certificates are looked for; others may share the database.</param>
    /// <param name="clock">Tells which certificates have expired.</param>
    /// <exception cref="ArgumentException">The connection string is not one.</exception>
    public CfsslPostgresSource(string connectionString, X509Certificate2 issuer, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        _database = PostgresDataSource.Create(connectionString);
        _row = new CfsslRow(issuer);
        _clock = clock;
    }

    /// <summary>Never raised: nothing is changed through this object.</summary>
    public event Action<string?>? Changed
    {
        add { }
        remove { }
    }

    /// <inheritdoc/>
    public async ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken)
    {
        var rows = await QueryAsync(
                $"SELECT {Text("status")}, reason, revoked_at, {Text("authority_key_identifier")}, {Text("pem")} "
                    + $"FROM certificates WHERE serial_number = $1 AND {Ours("$2")}",
                reader =>
                    _row.IsOurs(reader.GetString(3), reader.GetString(4))
                        ? CfsslRow.StatusOf(
                            serialNumber,
                            reader.GetString(0),
                            reader.IsDBNull(1) ? 0 : reader.GetInt32(1),
                            TimeOf(reader, 2)
                        )
                        : null,
                cancellationToken,
                Literal(CfsslRow.ToDecimal(serialNumber)),
                Literal(_row.KeyIdentifier)
            )
            .ConfigureAwait(false);
        return rows.FirstOrDefault(row => row is not null);
    }

    /// <inheritdoc/>
    public async ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken)
    {
        // Nobody keeps an answer about what was never issued: revocations alone make an answer untrue. They are dated
        // when their transaction begins, and may be committed in another order.
        var since = _seen - Overlap ?? DateTimeOffset.UnixEpoch;
        var revoked = await QueryAsync(
                $"SELECT {Text("serial_number")}, revoked_at FROM certificates WHERE {Ours("$1")} AND revoked_at >= $2",
                reader => (Serial: reader.GetString(0), At: TimeOf(reader, 1) ?? since),
                cancellationToken,
                Literal(_row.KeyIdentifier),
                new NpgsqlParameter { Value = since.ToUniversalTime() }
            )
            .ConfigureAwait(false);
        var isFirst = _seen is null;
        var fresh = revoked.Where(row => !_told.Contains(row)).ToList();
        // One that is dated ahead does not hide those that come before it.
        var now = _clock.GetUtcNow();
        _seen = revoked.Select(row => row.At < now ? row.At : now).Append(_seen ?? DateTimeOffset.UnixEpoch).Max();
        _told.Clear();
        _told.UnionWith(revoked.Where(row => row.At >= _seen - Overlap));
        return isFirst
            ? SourceChanges.All
            : SourceChanges.Of([.. fresh.Select(row => CfsslRow.FromDecimal(row.Serial)).OfType<string>()]);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken)
    {
        var serials = await QueryAsync(
                $"SELECT {Text("serial_number")} FROM certificates WHERE {Ours("$1")} "
                    + "AND (expiry IS NULL OR expiry > $2)",
                reader => CfsslRow.FromDecimal(reader.GetString(0)),
                cancellationToken,
                Literal(_row.KeyIdentifier),
                new NpgsqlParameter { Value = _clock.GetUtcNow().ToUniversalTime() }
            )
            .ConfigureAwait(false);
        return [.. serials.OfType<string>()];
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancellationToken,
        params NpgsqlParameter[] parameters
    )
    {
        try
        {
            await using var command = _database.CreateCommand(sql);
            return await command.ReadAllAsync(read, parameters, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            throw PostgresDataSource.Fault(exception);
        }
        catch (InvalidCastException exception)
        {
            throw new InvalidDataException($"a row of cfssl's table cannot be read: {exception.Message}", exception);
        }
    }

    // cfssl's migrations make the columns bytea; whoever has text has text.
    private static string Text(string column) => $"convert_from({column}::bytea, 'UTF8')";

    private static string Ours(string key) => $"authority_key_identifier IN ({key}, '')";

    // Of whatever type the column is.
    private static NpgsqlParameter Literal(string value) =>
        new() { Value = value, NpgsqlDbType = NpgsqlDbType.Unknown };

    // Go's zero time stands for none.
    private static DateTimeOffset? TimeOf(NpgsqlDataReader reader, int column) =>
        !reader.IsDBNull(column) && reader.GetFieldValue<DateTimeOffset>(column) is { Year: > 1 } time ? time : null;

    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(1);
}
