using System.Globalization;
using Microsoft.Data.Sqlite;
using OcspLab.Ocsp;

namespace OcspLab.Responder;

/// <summary>
/// The registry in one SQLite file. Several processes may use it: write-ahead logging lets readers go on during a write, and
/// <c>synchronous=FULL</c> keeps an acknowledged revocation through a power failure.
/// </summary>
public sealed class SqliteCertificateRegistry : ICertificateRegistry
{
    private readonly string _connectionString;
    private readonly TimeProvider _clock;

    /// <summary>Opens the database, making it when it is missing.</summary>
    /// <exception cref="IOException">The file is not a database or cannot be written.</exception>
    public SqliteCertificateRegistry(string path, TimeProvider clock)
    {
        _clock = clock;
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 10 }.ToString();
        try
        {
            using var connection = Open();
            using var command = Command(connection, "PRAGMA journal_mode = WAL;" + Schema);
            command.ExecuteNonQuery();
        }
        catch (SqliteException exception)
        {
            throw new IOException($"{path} cannot be used as the responder's database: {exception.Message}", exception);
        }
    }

    /// <summary>Says which certificate's status has changed by this object, once it is on disk and before the change is acknowledged.</summary>
    internal event Action<string?>? Changed;

    /// <summary>Watches for changes by others.</summary>
    internal DatabaseWatch Watch() => new(Open());

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken)
    {
        using var connection = Open();
        using var command = Command(connection, $"SELECT {Columns} FROM certificates ORDER BY rowid");
        using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var certificates = new List<RegisteredCertificate>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            certificates.Add(Read(reader));
        return certificates;
    }

    /// <inheritdoc/>
    public async Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        using var connection = Open();
        using var command = Command(connection, "INSERT INTO certificates (serial, name, issued_at, not_after) VALUES ($serial, $name, $issuedAt, $notAfter) ON CONFLICT (serial) DO NOTHING");
        command.Parameters.AddWithValue("$serial", certificate.SerialNumber);
        command.Parameters.AddWithValue("$name", certificate.Name);
        command.Parameters.AddWithValue("$issuedAt", Write(certificate.IssuedAt));
        command.Parameters.AddWithValue("$notAfter", Write(certificate.NotAfter));
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        Changed?.Invoke(certificate.SerialNumber);
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RevokeAsync(string nameOrSerial, RevocationReason reason, CancellationToken cancellationToken) =>
        UpdateAsync(nameOrSerial, "revoked_at = coalesce(revoked_at, $now), reason = $reason, changed_at = $now", (int)reason, cancellationToken);

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
        UpdateAsync(nameOrSerial, "revoked_at = NULL, reason = NULL, changed_at = $now", null, cancellationToken);

    /// <summary>The certificate with this serial, or null.</summary>
    /// <exception cref="IOException">The database cannot be read; that is not the same as "unknown".</exception>
    public RegisteredCertificate? Find(string serialNumber)
    {
        try
        {
            using var connection = Open();
            using var command = Command(connection, $"SELECT {Columns} FROM certificates WHERE serial = $serial");
            command.Parameters.AddWithValue("$serial", serialNumber);
            using var reader = command.ExecuteReader();
            return reader.Read() ? Read(reader) : null;
        }
        catch (SqliteException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    private async Task<RegisteredCertificate?> UpdateAsync(string nameOrSerial, string change, int? reason, CancellationToken cancellationToken)
    {
        using var connection = Open();
        using var command = Command(connection, $"UPDATE certificates SET {change} WHERE rowid = (SELECT max(rowid) FROM certificates WHERE serial = $which OR name = $which) RETURNING {Columns}");
        command.Parameters.AddWithValue("$which", nameOrSerial);
        command.Parameters.AddWithValue("$now", Write(_clock.GetUtcNow()));
        command.Parameters.AddWithValue("$reason", (object?)reason ?? DBNull.Value);
        RegisteredCertificate? changed;
        using (var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            changed = await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? Read(reader) : null;
            // The statement is carried out, and on disk, when the reader has come to its end.
            while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false))
            {
            }
        }

        if (changed is not null)
            Changed?.Invoke(changed.SerialNumber);
        return changed;
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

    private static RegisteredCertificate Read(SqliteDataReader reader) => new(
        reader.GetString(1),
        reader.GetString(0),
        ReadInstant(reader.GetString(2)),
        ReadInstant(reader.GetString(3)),
        reader.IsDBNull(4) ? null : ReadInstant(reader.GetString(4)),
        reader.IsDBNull(5) ? null : (RevocationReason)reader.GetInt32(5),
        reader.IsDBNull(6) ? null : ReadInstant(reader.GetString(6)));

    private static string Write(DateTimeOffset instant) => instant.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset ReadInstant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

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
