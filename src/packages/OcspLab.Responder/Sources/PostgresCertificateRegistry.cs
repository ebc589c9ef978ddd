using Npgsql;
using OcspLab.Ocsp.Responses;

namespace OcspLab.Responder.Sources;

/// <summary>
/// The registry of one authority in PostgreSQL, for responders on several machines; several authorities may share a
/// database. What one machine commits, the others are told at once (NOTIFY), and see within about a second where that
/// is not heard. The tables are made when they are missing and the role may do so.
/// </summary>
public sealed class PostgresCertificateRegistry
    : ICertificateRegistry,
        IStatusSource,
        ICertificateList,
        ISourceNews,
        IAsyncDisposable,
        IDisposable
{
    private readonly PostgresDatabase _database;
    private readonly string _authority;
    private readonly TimeProvider _clock;

    /// <summary>Names the database; nothing is asked of it yet.</summary>
    /// <param name="connectionString">As Npgsql has it.</param>
    /// <param name="authority">Tells this authority's certificates from others'; the same on every machine.</param>
    /// <param name="clock">Dates revocations.</param>
    /// <exception cref="ArgumentException">The connection string is not one.</exception>
    public PostgresCertificateRegistry(string connectionString, string authority, TimeProvider clock)
    {
        _database = new PostgresDatabase(connectionString, authority);
        _authority = authority;
        _clock = clock;
    }

    /// <inheritdoc/>
    public event Action<string?>? Changed;

    /// <inheritdoc/>
    public async ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken)
    {
        var rows = await _database
            .QueryAsync(
                $"SELECT {Columns} FROM ocsp_certificates WHERE authority = $1 AND serial = $2",
                Read,
                cancellationToken,
                Text(_authority),
                Text(serialNumber)
            )
            .ConfigureAwait(false);
        return rows.Count > 0 ? rows[0].ToStatus() : null;
    }

    /// <inheritdoc/>
    public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken) =>
        _database.FindChangesAsync(cancellationToken);

    Task ISourceNews.WaitForNewsAsync(CancellationToken cancellationToken) =>
        _database.WaitForNewsAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken) =>
        await _database
            .QueryAsync(
                "SELECT serial FROM ocsp_certificates WHERE authority = $1 AND not_after > $2",
                reader => reader.GetString(0),
                cancellationToken,
                Text(_authority),
                Time(_clock.GetUtcNow())
            )
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) =>
        _database
            .QueryAsync(
                $"SELECT {Columns} FROM ocsp_certificates WHERE authority = $1 ORDER BY id",
                Read,
                cancellationToken,
                Text(_authority)
            )
            .AsTask();

    /// <inheritdoc/>
    public async Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        await _database
            .QueryAsync(
                "INSERT INTO ocsp_certificates (authority, serial, name, issued_at, not_after) VALUES ($1, $2, $3, $4, "
                    + "$5) ON CONFLICT (authority, serial) DO NOTHING RETURNING serial",
                reader => reader.GetString(0),
                cancellationToken,
                Text(_authority),
                Text(certificate.SerialNumber),
                Text(certificate.Name),
                Time(certificate.IssuedAt),
                Time(certificate.NotAfter)
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
            .ChangeAsync(
                async change =>
                {
                    var sum = new ImportResult(0, 0, 0);
                    foreach (var certificate in certificates)
                    {
                        var added = await change.ExecuteAsync(Insertion, Values(certificate)).ConfigureAwait(false);
                        var revoked =
                            added == 0
                                ? await change.ExecuteAsync(Revoking, Values(certificate)).ConfigureAwait(false)
                                : 0;
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
            .QueryAsync(
                "DELETE FROM ocsp_certificates WHERE authority = $1 AND not_after < $2 RETURNING serial",
                reader => reader.GetString(0),
                cancellationToken,
                Text(_authority),
                Time(expiredBefore)
            )
            .ConfigureAwait(false);
        foreach (var serial in gone)
            Changed?.Invoke(serial);
        return gone.Count;
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
        string assignments,
        Revocation? revocation,
        CancellationToken cancellationToken
    )
    {
        var rows = await _database
            .ChangeAsync(
                async change =>
                {
                    var updated = await change
                        .QueryAsync(
                            $"UPDATE ocsp_certificates SET {assignments} WHERE id = (SELECT id FROM ocsp_certificates "
                                + $"WHERE authority = $1 AND (serial = $2 OR name = $2) ORDER BY serial = $2 DESC, "
                                + $"id DESC LIMIT 1) RETURNING {Columns}",
                            Read,
                            Text(_authority),
                            Text(nameOrSerial),
                            Time(_clock.GetUtcNow()),
                            Number((int?)revocation?.Reason),
                            Time(revocation?.At),
                            Time(revocation?.InvalidSince)
                        )
                        .ConfigureAwait(false);
                    change.IsOne = updated.Count > 0;
                    return updated;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        if (rows.Count == 0)
            return null;
        Changed?.Invoke(rows[0].SerialNumber);
        return rows[0];
    }

    private NpgsqlParameter[] Values(RegisteredCertificate certificate) =>
        [
            Text(_authority),
            Text(certificate.SerialNumber),
            Text(certificate.Name),
            Time(certificate.IssuedAt),
            Time(certificate.NotAfter),
            Time(certificate.RevokedAt),
            Number((int?)certificate.Reason),
            Time(certificate.InvalidSince),
            Time(_clock.GetUtcNow()),
        ];

    private static NpgsqlParameter Text(string value) => new() { Value = value };

    private static NpgsqlParameter Number(int? value) =>
        new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer };

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

    private const string Columns = "serial, name, issued_at, not_after, revoked_at, reason, changed_at, invalid_since";
}
