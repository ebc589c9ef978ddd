using Npgsql;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.PostgreSql;

/// <summary>
/// One row a certificate, in a table that is made when it is first needed; it survives the server's crash, and is on
/// its replicas. The lease is in the row, taken in one statement and by the server's clock: an advisory lock would hold
/// a connection for as long as a responder is asked.
/// </summary>
/// <param name="database">The database.</param>
internal sealed class PostgresStapleStore(NpgsqlDataSource database) : IStapleStore
{
    private readonly string _self = Guid.NewGuid().ToString("N");
    private volatile bool _isMade;

    public async ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
        await ReadAsync(
                "select response from ocsp_staples where certificate = $1 and octet_length(response) <= 65536",
                certificate,
                cancellationToken
            )
            .ConfigureAwait(false) as byte[];

    public async ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) =>
        await WriteAsync(
                """
                insert into ocsp_staples as known (certificate, response, this_update, expires_at)
                values ($1, $2, $3, $4)
                on conflict (certificate) do update set response = excluded.response,
                    this_update = excluded.this_update, expires_at = excluded.expires_at
                where known.this_update is null or known.this_update <= excluded.this_update
                    or known.this_update > now()
                """,
                cancellationToken,
                certificate,
                staple.Encoded.ToArray(),
                staple.ThisUpdate.UtcDateTime,
                staple.ExpiresAt.UtcDateTime
            )
            .ConfigureAwait(false);

    public async ValueTask<bool> TryAcquireLeaseAsync(
        string certificate,
        TimeSpan duration,
        CancellationToken cancellationToken
    ) =>
        // now() is when the statement began: whoever has waited for the row since would take the lease of the one that
        // was quicker for one that lasts too long.
        await WriteAsync(
                """
                insert into ocsp_staples as known (certificate, expires_at, lease_holder, lease_end)
                values ($1, now() + interval '1 day', $2, now() + $3)
                on conflict (certificate) do update
                set lease_holder = excluded.lease_holder, lease_end = clock_timestamp() + $3
                where known.lease_end is null
                    or known.lease_end not between clock_timestamp() and clock_timestamp() + $3
                    or known.lease_holder = excluded.lease_holder
                """,
                cancellationToken,
                certificate,
                _self,
                duration
            )
            .ConfigureAwait(false) == 1;

    public async ValueTask ReleaseLeaseAsync(string certificate, CancellationToken cancellationToken) =>
        await WriteAsync(
                "update ocsp_staples set lease_end = null where certificate = $1 and lease_holder = $2",
                cancellationToken,
                certificate,
                _self
            )
            .ConfigureAwait(false);

    public async ValueTask<DateTimeOffset?> LoadNextRefreshAsync(
        string certificate,
        CancellationToken cancellationToken
    ) =>
        await ReadAsync("select next_refresh from ocsp_staples where certificate = $1", certificate, cancellationToken)
            .ConfigureAwait(false)
            is DateTime at
            ? new DateTimeOffset(at)
            : null;

    public async ValueTask SaveNextRefreshAsync(
        string certificate,
        DateTimeOffset at,
        CancellationToken cancellationToken
    ) =>
        await WriteAsync(
                "update ocsp_staples set next_refresh = $2 where certificate = $1",
                cancellationToken,
                certificate,
                at.UtcDateTime
            )
            .ConfigureAwait(false);

    public async ValueTask<byte[]?> LoadIssuerAsync(string certificate, CancellationToken cancellationToken) =>
        await ReadAsync("select issuer from ocsp_staples where certificate = $1", certificate, cancellationToken)
            .ConfigureAwait(false) as byte[];

    public async ValueTask SaveIssuerAsync(
        string certificate,
        ReadOnlyMemory<byte> issuer,
        CancellationToken cancellationToken
    ) =>
        await WriteAsync(
                """
                insert into ocsp_staples (certificate, issuer, expires_at) values ($1, $2, now() + interval '30 days')
                on conflict (certificate) do update set issuer = excluded.issuer
                """,
                cancellationToken,
                certificate,
                issuer.ToArray()
            )
            .ConfigureAwait(false);

    // A day's grace: another instance's clock may be behind this one's.
    public async ValueTask SweepAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        await WriteAsync(
                "delete from ocsp_staples where expires_at < $1",
                cancellationToken,
                now.AddDays(-1).UtcDateTime
            )
            .ConfigureAwait(false);

    private async Task<object?> ReadAsync(string sql, string certificate, CancellationToken cancellationToken)
    {
        var command = database.CreateCommand(sql);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddWithValue(certificate);
            try
            {
                return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UndefinedTable)
            {
                return null;
            }
        }
    }

    /// <returns>How many rows it was about.</returns>
    private async ValueTask<int> WriteAsync(string sql, CancellationToken cancellationToken, params object[] values)
    {
        if (!_isMade)
            await MakeAsync(cancellationToken).ConfigureAwait(false);
        var command = database.CreateCommand(sql);
        await using (command.ConfigureAwait(false))
        {
            foreach (var value in values)
                command.Parameters.AddWithValue(value);
            try
            {
                return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UndefinedTable)
            {
                // Somebody has dropped it: made again with the next one.
                _isMade = false;
                throw;
            }
        }
    }

    // A role that may not make tables may use one that is there. Of two instances that make it at once one fails, and
    // the table is there.
    private async Task MakeAsync(CancellationToken cancellationToken)
    {
        var command = database.CreateCommand(
            """
            do $$ begin
                if to_regclass('ocsp_staples') is null then
                    create table if not exists ocsp_staples (
                        certificate text primary key,
                        response bytea,
                        this_update timestamptz,
                        issuer bytea,
                        next_refresh timestamptz,
                        lease_holder text,
                        lease_end timestamptz,
                        expires_at timestamptz not null
                    );
                end if;
            end $$
            """
        );
        await using (command.ConfigureAwait(false))
        {
            try
            {
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception)
                when (exception.SqlState
                        is PostgresErrorCodes.UniqueViolation
                            or PostgresErrorCodes.DuplicateTable
                            or PostgresErrorCodes.DuplicateObject
                )
            {
                // It is there.
            }
        }

        _isMade = true;
    }
}
