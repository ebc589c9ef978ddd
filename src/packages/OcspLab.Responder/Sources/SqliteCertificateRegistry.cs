using System.Globalization;
using Microsoft.Data.Sqlite;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The registry of one authority in one SQLite file. Several processes may use it: write-ahead logging lets readers go
/// on during a write, and <c>synchronous=FULL</c> keeps an acknowledged revocation through a power failure.
/// </summary>
public sealed class SqliteCertificateRegistry : ICertificateRegistry, IStatusSource, ICertificateList, IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly TimeProvider _clock;

    /// <summary>Opens the database, making it when it is missing.</summary>
    /// <exception cref="IOException">The file is not a database or cannot be written.</exception>
    public SqliteCertificateRegistry(string path, TimeProvider clock)
    {
        _database = new SqliteDatabase(path, clock);
        _clock = clock;
    }

    /// <inheritdoc/>
    public event Action<string?>? Changed;

    /// <inheritdoc/>
    public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_database.Find(serialNumber, Read)?.ToStatus());

    /// <inheritdoc/>
    public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken) =>
        _database.FindChangesAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        return ValueTask.FromResult<IReadOnlyCollection<string>>([
            .. _database
                .List(reader => (Serial: reader.GetString(0), NotAfter: reader.GetString(3)))
                .Where(row => !IsOver(row.NotAfter, now))
                .Select(row => row.Serial),
        ]);
    }

    // What cannot be read is told when it is asked for.
    private static bool IsOver(string notAfter, DateTimeOffset now) =>
        DateTimeOffset.TryParse(notAfter, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var end)
        && end <= now;

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    /// <inheritdoc/>
    public Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RegisteredCertificate>>(_database.List(Read));

    /// <inheritdoc/>
    public async Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        await _database
            .WriteAsync(
                connection =>
                {
                    using var command = SqliteDatabase.Command(
                        connection,
                        "INSERT INTO certificates (serial, name, issued_at, not_after) VALUES ($serial, $name, "
                            + "$issuedAt, $notAfter) ON CONFLICT (serial) DO NOTHING"
                    );
                    command.Parameters.AddWithValue("$serial", certificate.SerialNumber);
                    command.Parameters.AddWithValue("$name", certificate.Name);
                    command.Parameters.AddWithValue("$issuedAt", Write(certificate.IssuedAt));
                    command.Parameters.AddWithValue("$notAfter", Write(certificate.NotAfter));
                    return command.ExecuteNonQuery();
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
        var result = await _database
            .WriteAsync(
                connection =>
                {
                    using var add = SqliteDatabase.Command(
                        connection,
                        "INSERT INTO certificates (serial, name, issued_at, not_after, revoked_at, reason, "
                            + "invalid_since) VALUES ($serial, $name, $issuedAt, $notAfter, $at, $reason, $since) "
                            + "ON CONFLICT (serial) DO NOTHING"
                    );
                    using var revoke = SqliteDatabase.Command(
                        connection,
                        "UPDATE certificates SET revoked_at = $at, reason = $reason, invalid_since = $since, "
                            + "changed_at = $now WHERE serial = $serial AND revoked_at IS NULL AND $at IS NOT NULL"
                    );
                    var sum = new ImportResult(0, 0, 0);
                    foreach (var certificate in certificates)
                    {
                        var added = Execute(add, certificate);
                        var revoked = added == 0 ? Execute(revoke, certificate) : 0;
                        sum += new ImportResult(added, revoked, 1 - added - revoked);
                        if (added + revoked > 0)
                            changed.Add(certificate.SerialNumber);
                    }

                    return sum;
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
        var gone = await _database
            .WriteAsync(
                connection =>
                {
                    using var command = SqliteDatabase.Command(
                        connection,
                        "DELETE FROM certificates WHERE not_after < $before RETURNING serial"
                    );
                    command.Parameters.AddWithValue("$before", Write(expiredBefore));
                    using var reader = command.ExecuteReader();
                    var serials = new List<string>();
                    while (reader.Read())
                        serials.Add(reader.GetString(0));
                    return serials;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        gone.ForEach(serial => Changed?.Invoke(serial));
        return gone.Count;
    }

    private int Execute(SqliteCommand command, RegisteredCertificate certificate)
    {
        command.Parameters.Clear();
        command.Parameters.AddWithValue("$serial", certificate.SerialNumber);
        command.Parameters.AddWithValue("$name", certificate.Name);
        command.Parameters.AddWithValue("$issuedAt", Write(certificate.IssuedAt));
        command.Parameters.AddWithValue("$notAfter", Write(certificate.NotAfter));
        command.Parameters.AddWithValue("$at", Nullable(certificate.RevokedAt));
        command.Parameters.AddWithValue("$reason", (object?)(int?)certificate.Reason ?? DBNull.Value);
        command.Parameters.AddWithValue("$since", Nullable(certificate.InvalidSince));
        command.Parameters.AddWithValue("$now", Write(_clock.GetUtcNow()));
        return command.ExecuteNonQuery();
    }

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
            "revoked_at = coalesce($at, revoked_at, $now), reason = $reason, "
                + "invalid_since = coalesce($since, invalid_since), changed_at = $now",
            revocation,
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) =>
        UpdateAsync(
            nameOrSerial,
            "revoked_at = NULL, reason = NULL, invalid_since = NULL, changed_at = $now",
            null,
            cancellationToken
        );

    private async Task<RegisteredCertificate?> UpdateAsync(
        string nameOrSerial,
        string change,
        Revocation? revocation,
        CancellationToken cancellationToken
    )
    {
        var changed = await _database
            .WriteAsync(
                connection =>
                {
                    // A serial number means its certificate, even where a newer one was given it for a name.
                    using var command = SqliteDatabase.Command(
                        connection,
                        $"UPDATE certificates SET {change} WHERE rowid = (SELECT rowid FROM certificates WHERE "
                            + "serial = $which OR name = $which ORDER BY serial = $which DESC, rowid DESC LIMIT 1) "
                            + $"RETURNING {SqliteDatabase.Columns}"
                    );
                    command.Parameters.AddWithValue("$which", nameOrSerial);
                    command.Parameters.AddWithValue("$now", Write(_clock.GetUtcNow()));
                    command.Parameters.AddWithValue("$at", Nullable(revocation?.At));
                    command.Parameters.AddWithValue("$since", Nullable(revocation?.InvalidSince));
                    command.Parameters.AddWithValue("$reason", (object?)(int?)revocation?.Reason ?? DBNull.Value);
                    using var reader = command.ExecuteReader();
                    return reader.Read() ? Read(reader) : null;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        if (changed is not null)
            Changed?.Invoke(changed.SerialNumber);
        return changed;
    }

    /// <exception cref="InvalidDataException">Somebody else has written something else.</exception>
    private static RegisteredCertificate Read(SqliteDataReader reader)
    {
        try
        {
            return new RegisteredCertificate(
                reader.GetString(1),
                reader.GetString(0),
                ReadInstant(reader.GetString(2)),
                ReadInstant(reader.GetString(3)),
                reader.IsDBNull(4) ? null : ReadInstant(reader.GetString(4)),
                reader.IsDBNull(5) ? null : (RevocationReason)reader.GetInt32(5),
                reader.IsDBNull(6) ? null : ReadInstant(reader.GetString(6))
            )
            {
                InvalidSince = reader.IsDBNull(7) ? null : ReadInstant(reader.GetString(7)),
            }.Checked();
        }
        catch (Exception exception)
            when (exception is FormatException or InvalidCastException or InvalidOperationException or OverflowException
            )
        {
            throw new InvalidDataException(
                $"the row of certificate {reader.GetValue(0)} cannot be read: {exception.Message}",
                exception
            );
        }
    }

    private static object Nullable(DateTimeOffset? instant) => instant is { } known ? Write(known) : DBNull.Value;

    private static string Write(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset ReadInstant(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
