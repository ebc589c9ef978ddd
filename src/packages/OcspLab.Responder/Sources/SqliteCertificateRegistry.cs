using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The registry of one authority in one SQLite file. Several processes may use it: write-ahead logging lets readers go
/// on during a write, and <c>synchronous=FULL</c> keeps an acknowledged revocation through a power failure.
/// </summary>
public sealed class SqliteCertificateRegistry : ICertificateRegistry, IStatusSource, IDisposable
{
    private readonly string _path;
    private readonly string _connectionString;
    private readonly TimeProvider _clock;
    private readonly Lock _writing = new();
    private ConcurrentBag<PreparedLookup> _lookups = [];
    private SqliteConnection? _writer;
    private FileIdentity _identity;
    private long _version;

    /// <summary>Opens the database, making it when it is missing.</summary>
    /// <exception cref="IOException">The file is not a database or cannot be written.</exception>
    public SqliteCertificateRegistry(string path, TimeProvider clock)
    {
        _path = Path.GetFullPath(path);
        _clock = clock;
        // No pool: its connections would outlive the file that they were opened on.
        var file = new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            DefaultTimeout = 10,
            Pooling = false,
        };
        // Made once and never again: a database that was lost must not come back empty.
        _connectionString = new SqliteConnectionStringBuilder(file.ConnectionString)
        {
            Mode = SqliteOpenMode.ReadWrite,
        }.ToString();
        try
        {
            using var connection = new SqliteConnection(file.ConnectionString);
            connection.Open();
            using var command = Command(connection, "PRAGMA journal_mode = WAL;" + Schema);
            command.ExecuteNonQuery();
            _identity = FileIdentity.Of(_path);
        }
        catch (SqliteException exception)
        {
            throw new IOException($"{path} cannot be used as the responder's database: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public event Action<string?>? Changed;

    /// <inheritdoc/>
    public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            Guard(() =>
            {
                // Opening and preparing take ten times as long as looking.
                var lookups = Volatile.Read(ref _lookups);
                var lookup = lookups.TryTake(out var idle) ? idle : new PreparedLookup(Open());
                try
                {
                    var status = lookup.Find(serialNumber)?.ToStatus();
                    lookups.Add(lookup);
                    return status;
                }
                catch
                {
                    lookup.Dispose();
                    throw;
                }
            })
        );

    /// <inheritdoc/>
    public ValueTask<bool> HasChangedAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            Guard(() =>
            {
                lock (_writing)
                {
                    FollowFile();
                    // Changes when another connection has committed (SQLite, PRAGMA data_version): not for what is
                    // written through this one.
                    using var command = Command(Writer(), "PRAGMA data_version");
                    var version = (long)command.ExecuteScalar()!;
                    var changed = version != _version;
                    _version = version;
                    return changed;
                }
            })
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_writing)
            Forget();
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RegisteredCertificate>>(
            Guard(() =>
            {
                using var connection = Open();
                using var command = Command(connection, $"SELECT {Columns} FROM certificates ORDER BY rowid");
                using var reader = command.ExecuteReader();
                var certificates = new List<RegisteredCertificate>();
                while (reader.Read())
                    certificates.Add(Read(reader));
                return certificates;
            })
        );

    /// <inheritdoc/>
    public Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        Write(connection =>
        {
            using var command = Command(
                connection,
                "INSERT INTO certificates (serial, name, issued_at, not_after) VALUES ($serial, $name, $issuedAt, "
                    + "$notAfter) ON CONFLICT (serial) DO NOTHING"
            );
            command.Parameters.AddWithValue("$serial", certificate.SerialNumber);
            command.Parameters.AddWithValue("$name", certificate.Name);
            command.Parameters.AddWithValue("$issuedAt", Write(certificate.IssuedAt));
            command.Parameters.AddWithValue("$notAfter", Write(certificate.NotAfter));
            return command.ExecuteNonQuery();
        });
        Changed?.Invoke(certificate.SerialNumber);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RevokeAsync(
        string nameOrSerial,
        RevocationReason reason,
        CancellationToken cancellationToken
    ) =>
        Task.FromResult(
            Update(
                nameOrSerial,
                "revoked_at = coalesce(revoked_at, $now), reason = $reason, changed_at = $now",
                (int)reason
            )
        );

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
        Task.FromResult(Update(nameOrSerial, "revoked_at = NULL, reason = NULL, changed_at = $now", null));

    private RegisteredCertificate? Update(string nameOrSerial, string change, int? reason)
    {
        var changed = Write(connection =>
        {
            // A serial number means its certificate, even where a newer one was given it for a name.
            using var command = Command(
                connection,
                $"UPDATE certificates SET {change} WHERE rowid = (SELECT rowid FROM certificates WHERE serial = "
                    + $"$which OR name = $which ORDER BY serial = $which DESC, rowid DESC LIMIT 1) RETURNING {Columns}"
            );
            command.Parameters.AddWithValue("$which", nameOrSerial);
            command.Parameters.AddWithValue("$now", Write(_clock.GetUtcNow()));
            command.Parameters.AddWithValue("$reason", (object?)reason ?? DBNull.Value);
            using var reader = command.ExecuteReader();
            var row = reader.Read() ? Read(reader) : null;
            // The statement is carried out, and on disk, when the reader has come to its end.
            while (reader.NextResult()) { }

            return row;
        });
        if (changed is not null)
            Changed?.Invoke(changed.SerialNumber);
        return changed;
    }

    private T Write<T>(Func<SqliteConnection, T> work) =>
        Guard(() =>
        {
            lock (_writing)
            {
                FollowFile();
                return work(Writer());
            }
        });

    private SqliteConnection Writer() => _writer ??= Open();

    /// <summary>
    /// Lets go of connections to a file that was taken away or replaced: they would go on with the one that nobody
    /// finds any more.
    /// </summary>
    private void FollowFile()
    {
        var identity = FileIdentity.Of(_path);
        if (identity == _identity)
            return;
        Forget();
        _identity = identity;
        // SQLite's versions begin with 1: whoever looks next finds another one.
        _version = 0;
        if (!identity.Exists)
            throw new IOException($"{_path} does not exist any more");
    }

    private void Forget()
    {
        foreach (var lookup in Interlocked.Exchange(ref _lookups, []))
            lookup.Dispose();
        if (_writer is null)
            return;
        // The log beside the file is found by its name: what is left in it would be taken for the next file's.
        using (var command = Command(_writer, "PRAGMA wal_checkpoint(TRUNCATE)"))
            command.ExecuteNonQuery();
        _writer.Dispose();
        _writer = null;
    }

    private static T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        using var command = Command(connection, "PRAGMA synchronous = FULL");
        command.ExecuteNonQuery();
        return connection;
    }

    // Every statement is written in this file; what comes from outside goes in as a parameter.
#pragma warning disable CA2100
    private static SqliteCommand Command(SqliteConnection connection, string sql) => new(sql, connection);
#pragma warning restore CA2100

    private static RegisteredCertificate Read(SqliteDataReader reader) =>
        new(
            reader.GetString(1),
            reader.GetString(0),
            ReadInstant(reader.GetString(2)),
            ReadInstant(reader.GetString(3)),
            reader.IsDBNull(4) ? null : ReadInstant(reader.GetString(4)),
            reader.IsDBNull(5) ? null : (RevocationReason)reader.GetInt32(5),
            reader.IsDBNull(6) ? null : ReadInstant(reader.GetString(6))
        );

    private static string Write(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset ReadInstant(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

    private sealed class PreparedLookup : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _command;
        private readonly SqliteParameter _serial;

        public PreparedLookup(SqliteConnection connection)
        {
            _connection = connection;
            _command = Command(connection, $"SELECT {Columns} FROM certificates WHERE serial = $serial");
            _serial = _command.Parameters.Add("$serial", SqliteType.Text);
        }

        public RegisteredCertificate? Find(string serialNumber)
        {
            _serial.Value = serialNumber;
            using var reader = _command.ExecuteReader();
            return reader.Read() ? Read(reader) : null;
        }

        public void Dispose()
        {
            _command.Dispose();
            _connection.Dispose();
        }
    }

    private const string Columns = "serial, name, issued_at, not_after, revoked_at, reason, changed_at";

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS certificates (
            serial     TEXT NOT NULL UNIQUE,
            name       TEXT NOT NULL,
            issued_at  TEXT NOT NULL,
            not_after  TEXT NOT NULL,
            revoked_at TEXT,
            reason     INTEGER,
            changed_at TEXT
        );
        CREATE INDEX IF NOT EXISTS certificates_name ON certificates (name);
        """;
}
