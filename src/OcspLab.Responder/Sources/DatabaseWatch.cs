using Microsoft.Data.Sqlite;

namespace OcspLab.Responder;

/// <summary>Notices what other connections, of other processes too, have written. Not thread-safe.</summary>
internal sealed class DatabaseWatch : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _command;
    private long _seen;

    public DatabaseWatch(SqliteConnection connection)
    {
        _connection = connection;
        // Changes when another connection has committed (SQLite, PRAGMA data_version).
        _command = new SqliteCommand("PRAGMA data_version", connection);
        _seen = Read();
    }

    /// <summary>Whether something was written since the last call.</summary>
    public bool HasChanged()
    {
        var now = Read();
        var changed = now != _seen;
        _seen = now;
        return changed;
    }

    public void Dispose()
    {
        _command.Dispose();
        _connection.Dispose();
    }

    private long Read() => (long)_command.ExecuteScalar()!;
}
