using Npgsql;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Presigning;

/// <summary>
/// Answers in PostgreSQL, for responders without a disk of their own; several may share the table, which is made when
/// it is missing and the role may do so.
/// </summary>
internal sealed class PostgresAnswers(string connectionString) : IAnswerStore, IDisposable
{
    private readonly NpgsqlDataSource _database = PostgresDataSource.Create(connectionString);
    private volatile bool _hasTable;

    /// <inheritdoc/>
    // Without the password.
    public string Name { get; } =
        new NpgsqlConnectionStringBuilder(connectionString) is var its
            ? $"the table ocsp_answers of {its.Database ?? its.Username} on {its.Host}"
            : "";

    /// <inheritdoc/>
    public void Save(ReadOnlySpan<byte> question, ReadOnlySpan<byte> answer, DateTimeOffset thisUpdate) =>
        Execute(Insertion, question.ToArray(), answer.ToArray(), thisUpdate.ToUniversalTime());

    /// <inheritdoc/>
    public void Remove(ReadOnlySpan<byte> question) =>
        Execute("DELETE FROM ocsp_answers WHERE question = $1", question.ToArray());

    /// <inheritdoc/>
    public IEnumerable<(byte[] Question, byte[] Answer)> ReadAll()
    {
        // In parts: whoever reads them looks each one up elsewhere meanwhile.
        byte[] last = [];
        while (ReadAfter(last) is { Count: > 0 } part)
        {
            foreach (var row in part)
                yield return row;
            last = part[^1].Question;
        }
    }

    /// <summary>The same as <see cref="Save"/> for somebody who asks.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public Task SaveAsync(byte[] question, ReadOnlyMemory<byte> answer, DateTimeOffset thisUpdate) =>
        GuardAsync(async () =>
        {
            await using var command = Command(Insertion, question, answer.ToArray(), thisUpdate.ToUniversalTime());
            return await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        });

    /// <summary>The answer to a question, verified by nobody, or null.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public Task<byte[]?> FindAsync(byte[] question, CancellationToken cancellationToken) =>
        GuardAsync(async () =>
        {
            await using var command = Command("SELECT answer FROM ocsp_answers WHERE question = $1", question);
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as byte[];
        });

    /// <summary>Which of those who share the table signs ahead for an authority.</summary>
    /// <param name="authority">The authority, called the same on every machine.</param>
    public PresigningLease LeaseFor(string authority) => new(_database, authority);

    /// <summary>Nothing: a row is there or is not.</summary>
    public void RemoveUnfinished() { }

    public void Dispose() => _database.Dispose();

    private List<(byte[] Question, byte[] Answer)> ReadAfter(byte[] question) =>
        Guard(() =>
        {
            using var command = _database.CreateCommand(
                "SELECT question, answer FROM ocsp_answers WHERE question > $1 ORDER BY question LIMIT 1000"
            );
            command.Parameters.Add(new() { Value = question });
            using var reader = command.ExecuteReader();
            var rows = new List<(byte[], byte[])>();
            while (reader.Read())
                rows.Add((reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<byte[]>(1)));
            return rows;
        });

    private void Execute(string sql, params object[] values) =>
        Guard(() =>
        {
            using var command = Command(sql, values);
            return command.ExecuteNonQuery();
        });

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = _database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }

    private T Guard<T>(Func<T> work)
    {
        try
        {
            if (!_hasTable)
            {
                using var make = _database.CreateCommand(Table);
                make.ExecuteNonQuery();
                _hasTable = true;
            }

            return work();
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            throw PostgresDataSource.Fault(exception);
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        try
        {
            if (!_hasTable)
            {
                await using var make = _database.CreateCommand(Table);
                await make.ExecuteNonQueryAsync().ConfigureAwait(false);
                _hasTable = true;
            }

            return await work().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            throw PostgresDataSource.Fault(exception);
        }
    }

    private const string Insertion =
        "INSERT INTO ocsp_answers VALUES ($1, $2, $3) ON CONFLICT (question) "
        + "DO UPDATE SET answer = excluded.answer, this_update = excluded.this_update "
        + "WHERE ocsp_answers.this_update <= excluded.this_update";

    // Several machines start at once; and a role that may not make tables may use one that is there.
    private const string Table = """
        DO $$ BEGIN
            IF to_regclass('ocsp_answers') IS NULL THEN
                PERFORM pg_advisory_xact_lock(6960);
                CREATE TABLE IF NOT EXISTS ocsp_answers (
                    question    bytea PRIMARY KEY,
                    answer      bytea NOT NULL,
                    this_update timestamptz NOT NULL
                );
            END IF;
        END $$
        """;
}
