using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Data.Sqlite;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The certificate database of cfssl in SQLite (<c>-db-config</c>), read and never written: who issues and revokes with
/// cfssl goes on doing so. A commit by it is noticed within a second.
/// </summary>
public sealed class CfsslSource : IStatusSource, ICertificateList, IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _connectionString;
    private readonly CfsslRow _row;
    private readonly TimeProvider _clock;
    private SqliteConnection? _connection;
    private long _version;

    /// <summary>Opens the database.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="issuer">The authority whose certificates are looked for; others may share the database.</param>
    /// <param name="clock">Tells which certificates have expired.</param>
    /// <exception cref="IOException">It is not a database of cfssl.</exception>
    public CfsslSource(string path, X509Certificate2 issuer, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = Path.GetFullPath(path),
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
            DefaultTimeout = 1,
        }.ToString();
        _row = new CfsslRow(issuer);
        _clock = clock;
        try
        {
            Ask(connection => Look(connection));
        }
        catch (IOException exception)
        {
            throw new IOException($"{path} is not a database of cfssl: {exception.Message}", exception);
        }
    }

    /// <summary>Never raised: nothing is changed through this object.</summary>
    public event Action<string?>? Changed
    {
        add { }
        remove { }
    }

    /// <inheritdoc/>
    public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Ask(connection => Find(connection, serialNumber)));

    /// <inheritdoc/>
    public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            Ask(connection =>
            {
                var version = Look(connection);
                var changes = version == _version ? SourceChanges.None : SourceChanges.All;
                _version = version;
                return changes;
            })
        );

    /// <inheritdoc/>
    public ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            Ask<IReadOnlyCollection<string>>(connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText =
                    "SELECT serial_number, expiry FROM certificates WHERE authority_key_identifier IN ($key, '')";
                command.Parameters.AddWithValue("$key", _row.KeyIdentifier);
                using var reader = command.ExecuteReader();
                var serials = new List<string>();
                var now = _clock.GetUtcNow();
                while (reader.Read())
                {
                    if (CfsslRow.FromDecimal(reader.GetString(0)) is { } serial && !(TimeOf(reader, 1) <= now))
                        serials.Add(serial);
                }

                return serials;
            })
        );

    /// <inheritdoc/>
    public void Dispose() => _connection?.Dispose();

    private SourceStatus? Find(SqliteConnection connection, string serialNumber)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT status, reason, revoked_at, authority_key_identifier, pem FROM certificates "
            + "WHERE serial_number = $serial AND authority_key_identifier IN ($key, '')";
        command.Parameters.AddWithValue("$serial", CfsslRow.ToDecimal(serialNumber));
        command.Parameters.AddWithValue("$key", _row.KeyIdentifier);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            if (_row.IsOurs(reader.GetString(3), reader.GetString(4)))
                return CfsslRow.StatusOf(serialNumber, reader.GetString(0), reader.GetInt32(1), TimeOf(reader, 2));
        }

        return null;
    }

    // Changes when another connection has committed (SQLite, PRAGMA data_version); and the table must be there.
    private static long Look(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT count(*) FROM certificates WHERE serial_number = '' AND authority_key_identifier = ''; "
            + "PRAGMA data_version";
        using var reader = command.ExecuteReader();
        while (reader.Read()) { }

        reader.NextResult();
        reader.Read();
        return reader.GetInt64(0);
    }

    // As Go's driver writes it, "0001-01-01 …" for none.
    private static DateTimeOffset? TimeOf(SqliteDataReader reader, int column) =>
        !reader.IsDBNull(column)
        && DateTimeOffset.TryParse(
            reader.GetString(column),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var time
        )
        && time.Year > 1
            ? time
            : null;

    private T Ask<T>(Func<SqliteConnection, T> question)
    {
        // One connection: cfssl's rollback journal lets few in at once, and a lookup takes microseconds.
        lock (_lock)
        {
            try
            {
                if (_connection is null)
                {
                    _connection = new SqliteConnection(_connectionString);
                    _connection.Open();
                    _version = 0;
                }

                return question(_connection);
            }
            catch (SqliteException exception)
            {
                _connection?.Dispose();
                _connection = null;
                throw new IOException(exception.Message, exception);
            }
        }
    }
}
