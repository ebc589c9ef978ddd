using Npgsql;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Tests;

[Collection("PostgreSQL")]
[Trait("Ring", "program")]
public sealed class CfsslPostgresSourceTests(PostgresFixture postgres) : CfsslTests
{
    private readonly string _database = "cfssl_" + Guid.NewGuid().ToString("N")[..12];
    private string? _connection;

    [Fact]
    public async Task Each_revocation_is_told_once_and_a_late_commit_is_not_missed()
    {
        await CreateAsync();
        await using var source = new CfsslPostgresSource(_connection!, Bench.Authority.Certificate, Bench.Clock);
        await ExecuteAsync(
            "INSERT INTO certificates SELECT number::text::bytea, '', '', 'good', 0, now() + '1 day', "
                + "'0001-01-01', '' FROM generate_series(10, 13) AS number"
        );
        Assert.Same(SourceChanges.All, await FindChangesAsync());
        Assert.Same(SourceChanges.None, await FindChangesAsync());
        await ExecuteAsync(Revoke(10, "now()"));
        Assert.Equal(["0a"], (await FindChangesAsync()).SerialNumbers);
        Assert.Same(SourceChanges.None, await FindChangesAsync());
        // Begun before the other, and committed after it.
        await ExecuteAsync(Revoke(11, "now() - interval '20 seconds'"));
        Assert.Equal(["0b"], (await FindChangesAsync()).SerialNumbers);
        await ExecuteAsync(Revoke(12, "now()") + ";" + Revoke(13, "now()"));
        Assert.Equal(["0c", "0d"], (await FindChangesAsync()).SerialNumbers!.Order());
        Assert.Same(SourceChanges.None, await FindChangesAsync());

        Task<SourceChanges> FindChangesAsync() =>
            source.FindChangesAsync(TestContext.Current.CancellationToken).AsTask();

        static string Revoke(int serial, string at) =>
            $"UPDATE certificates SET status = 'revoked', revoked_at = {at} WHERE serial_number = '{serial}'";
    }

    [Fact]
    public async Task Without_its_table_it_is_a_source_that_cannot_be_asked()
    {
        await using var source = new CfsslPostgresSource(
            (await postgres.ServerAsync()).ConnectionString,
            Bench.Authority.Certificate,
            Bench.Clock
        );
        var exception = await Assert.ThrowsAsync<IOException>(async () =>
            await source.FindAsync("0a", TestContext.Current.CancellationToken)
        );
        Assert.StartsWith("PostgreSQL: ", exception.Message, StringComparison.Ordinal);
    }

    private protected override async Task<CfsslDatabase> CreateAsync()
    {
        var server = await postgres.ServerAsync();
        _connection = server.ConnectionString;
        await ExecuteAsync($"CREATE DATABASE {_database}");
        _connection = new NpgsqlConnectionStringBuilder(_connection) { Database = _database }.ToString();
        await ExecuteAsync(Schema);
        return new CfsslDatabase(
            "postgres",
            $"postgres://ocsplab@127.0.0.1:{server.Port}/{_database}?sslmode=disable",
            "CfsslPostgreSql",
            _connection
        );
    }

    private protected override async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
#pragma warning disable CA2100 // Every statement is written in this file.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    // Of cfssl's migrations for PostgreSQL.
    private const string Schema = """
        CREATE TABLE certificates (
            serial_number bytea NOT NULL, authority_key_identifier bytea NOT NULL, ca_label bytea,
            status bytea NOT NULL, reason int,
            expiry timestamptz, revoked_at timestamptz, pem bytea NOT NULL, issued_at timestamptz,
            not_before timestamptz, metadata jsonb, sans jsonb, common_name text,
            PRIMARY KEY (serial_number, authority_key_identifier)
        )
        """;
}
