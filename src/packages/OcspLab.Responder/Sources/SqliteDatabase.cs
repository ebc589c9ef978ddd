using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The SQLite file of a registry: connections that follow it when it is replaced, one change at a time, and what others
/// have written. Reading never waits for writing. Thread-safe.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly string _path;
    private readonly string _connectionString;
    private readonly WriteGate _gate;
    private readonly Lock _watching = new();
    private readonly HashSet<long> _own = [];
    private ConcurrentBag<PreparedLookup> _lookups = [];
    private SqliteConnection? _writer;
    private SqliteConnection? _watcher;
    private FileIdentity _identity;
    private long _version;
    private long? _seen;

    /// <summary>Opens the database, making it when it is missing.</summary>
    /// <exception cref="IOException">The file is not a database or cannot be written.</exception>
    public SqliteDatabase(string path, TimeProvider clock)
    {
        _path = Path.GetFullPath(path);
        _gate = new WriteGate(clock);
        // No pool: its connections would outlive the file that they were opened on.
        var file = new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false };
        // Made once and never again: a database that was lost must not come back empty.
        _connectionString = new SqliteConnectionStringBuilder(file.ConnectionString)
        {
            Mode = SqliteOpenMode.ReadWrite,
        }.ToString();
        try
        {
            using var connection = new SqliteConnection(file.ConnectionString);
            connection.DefaultTimeout = WritePatience;
            connection.Open();
            Run(connection, SqliteSchema.WriteAhead + SqliteSchema.Certificates + SqliteSchema.Changes);
            AddColumns(connection);
            _identity = FileIdentity.Of(_path);
        }
        catch (SqliteException exception)
        {
            throw new IOException($"{path} cannot be used as the responder's database: {exception.Message}", exception);
        }
    }

    /// <summary>The row of a serial number, or null.</summary>
    /// <exception cref="IOException">It cannot be looked up.</exception>
    public T? Find<T>(string serialNumber, Func<SqliteDataReader, T> read)
        where T : class =>
        Guard(() =>
        {
            // Opening and preparing take ten times as long as looking.
            var lookups = Volatile.Read(ref _lookups);
            var lookup = lookups.TryTake(out var idle) ? idle : new PreparedLookup(Open(ReadPatience));
            try
            {
                var row = lookup.Find(serialNumber, read);
                lookups.Add(lookup);
                return row;
            }
            catch
            {
                lookup.Dispose();
                throw;
            }
        });

    /// <summary>Every row, in the order in which they came.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public IReadOnlyList<T> List<T>(Func<SqliteDataReader, T> read) =>
        Guard(() =>
        {
            using var connection = Open(ReadPatience);
            using var command = Command(connection, $"SELECT {Columns} FROM certificates ORDER BY rowid");
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
                rows.Add(read(reader));
            return rows;
        });

    /// <summary>What others have written since the last call; everything, at the first.</summary>
    /// <exception cref="IOException">It cannot be asked.</exception>
    public async ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken)
    {
        FileIdentity known;
        lock (_watching)
            known = _identity;
        if (FileIdentity.Of(_path) != known)
            await _gate.RunAsync(() => Guard(FollowFile), cancellationToken).ConfigureAwait(false);
        var isFirst = false;
        var changes = Guard(() =>
        {
            lock (_watching)
            {
                isFirst = _seen is null;
                return Look();
            }
        });
        if (changes.SerialNumbers is null && !isFirst)
            await _gate.RunAsync(() => Guard(MakeTriggers), cancellationToken).ConfigureAwait(false);
        return changes;
    }

    public void Dispose()
    {
        Forget();
        _gate.Dispose();
    }

    /// <summary>Carries out a change in a transaction; on disk when it returns.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken) =>
        _gate.RunAsync(
            () =>
                Guard(() =>
                {
                    FollowFile();
                    var writer = _writer ??= Open(WritePatience);
                    using var transaction = writer.BeginTransaction(deferred: false);
                    var before = Count(writer, LastChange);
                    var result = work(writer);
                    var change = Count(writer, LastChange);
                    Run(writer, $"DELETE FROM certificate_changes WHERE id <= {change - KeptChanges}");
                    transaction.Commit();
                    lock (_watching)
                    {
                        // What came before it is another's, and may not have been seen yet.
                        for (var own = before + 1; own <= change; own++)
                            _own.Add(own);
                    }

                    return result;
                }),
            cancellationToken
        );

    /// <summary>What others have written since the last look.</summary>
    private SourceChanges Look()
    {
        var watcher = _watcher ??= Open(ReadPatience);
        // What cannot be looked up must not wait for the next question.
        Count(watcher, "SELECT count(*) FROM certificates WHERE serial = ''");
        // Changes when another connection has committed (SQLite, PRAGMA data_version).
        var version = Count(watcher, "PRAGMA data_version");
        if (version == _version)
            return SourceChanges.None;
        var last = Count(watcher, LastChange);
        // A commit that left no change behind: the triggers are gone, with the table that they were on.
        var changes = _seen is { } seen && last > seen ? Since(watcher, seen, last) : SourceChanges.All;
        _version = version;
        _seen = last;
        _own.Clear();
        return changes;
    }

    private SourceChanges Since(SqliteConnection watcher, long seen, long last)
    {
        // Numbers follow one another: where one is missing, it was let go of before we saw it.
        if (last - seen > MostChanges)
            return SourceChanges.All;
        using var command = Command(
            watcher,
            "SELECT id, serial FROM certificate_changes WHERE id > $seen AND id <= $last ORDER BY id"
        );
        command.Parameters.AddWithValue("$seen", seen);
        command.Parameters.AddWithValue("$last", last);
        using var reader = command.ExecuteReader();
        var serials = new HashSet<string>();
        var expected = seen;
        while (reader.Read())
        {
            if (reader.GetInt64(0) != ++expected)
                return SourceChanges.All;
            if (!_own.Contains(expected))
                serials.Add(reader.GetString(1));
        }

        return expected == last ? SourceChanges.Of(serials) : SourceChanges.All;
    }

    private bool MakeTriggers()
    {
        FollowFile();
        Run(_writer ??= Open(WritePatience), SqliteSchema.Changes);
        return true;
    }

    /// <summary>
    /// Lets go of connections to a file that was taken away or replaced: they would go on with the one that nobody
    /// finds any more. Within the gate.
    /// </summary>
    private bool FollowFile()
    {
        var identity = FileIdentity.Of(_path);
        lock (_watching)
        {
            if (identity == _identity)
                return false;
        }

        Forget();
        if (!identity.Exists)
            throw new IOException($"{_path} does not exist any more");
        _writer = Open(WritePatience);
        Run(_writer, SqliteSchema.WriteAhead + SqliteSchema.Changes);
        AddColumns(_writer);
        lock (_watching)
            _identity = identity;
        return true;
    }

    private void Forget()
    {
        foreach (var lookup in Interlocked.Exchange(ref _lookups, []))
            lookup.Dispose();
        lock (_watching)
        {
            _watcher?.Dispose();
            _watcher = null;
            _identity = default;
            // SQLite's versions begin with 1: whoever looks next finds another one, and any change possible.
            _version = 0;
            _seen = null;
        }

        if (_writer is null)
            return;
        // The log beside the file is found by its name: what is left in it would be taken for the next file's.
        try
        {
            Run(_writer, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
        finally
        {
            _writer.Dispose();
            _writer = null;
        }
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

    private SqliteConnection Open(int patience)
    {
        var connection = new SqliteConnection(_connectionString) { DefaultTimeout = patience };
        connection.Open();
        Run(connection, "PRAGMA synchronous = FULL");
        return connection;
    }

    // For files that an earlier version made.
    private static void AddColumns(SqliteConnection connection)
    {
        if (
            Count(connection, "SELECT count(*) FROM pragma_table_info('certificates') WHERE name = 'invalid_since'")
            == 0
        )
            Run(connection, "ALTER TABLE certificates ADD COLUMN invalid_since TEXT");
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = Command(connection, sql);
        command.ExecuteNonQuery();
    }

    private static long Count(SqliteConnection connection, string sql)
    {
        using var command = Command(connection, sql);
        return (long)command.ExecuteScalar()!;
    }

    // Every statement is written in this file; what comes from outside goes in as a parameter.
#pragma warning disable CA2100
    public static SqliteCommand Command(SqliteConnection connection, string sql)
    {
        // Made by the connection, because it knows its transaction.
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

#pragma warning restore CA2100

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

        public T? Find<T>(string serialNumber, Func<SqliteDataReader, T> read)
            where T : class
        {
            _serial.Value = serialNumber;
            using var reader = _command.ExecuteReader();
            return reader.Read() ? read(reader) : null;
        }

        public void Dispose()
        {
            _command.Dispose();
            _connection.Dispose();
        }
    }

    /// <summary>What a row is read from, in this order.</summary>
    public const string Columns = "serial, name, issued_at, not_after, revoked_at, reason, changed_at, invalid_since";

    // Seconds.
    private const int ReadPatience = 1;
    private const int WritePatience = 10;

    private const int KeptChanges = 100_000;
    private const int MostChanges = 10_000;
    private const string LastChange = "SELECT coalesce(max(id), 0) FROM certificate_changes";
}
