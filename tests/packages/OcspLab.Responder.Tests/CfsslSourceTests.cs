using Microsoft.Data.Sqlite;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Tests;

public sealed class CfsslSourceTests : CfsslTests
{
    [Fact]
    public async Task Another_database_is_told_apart()
    {
        await File.WriteAllTextAsync(Bench.Folder["other.db"], "", TestContext.Current.CancellationToken);
        Assert.Contains(
            "is not a database of cfssl",
            Assert
                .Throws<IOException>(() =>
                    new CfsslSource(Bench.Folder["other.db"], Bench.Authority.Certificate, Bench.Clock)
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    private protected override async Task<CfsslDatabase> CreateAsync()
    {
        await ExecuteAsync(Schema);
        return new CfsslDatabase("sqlite3", Bench.Folder["certs.db"], "Cfssl", Bench.Folder["certs.db"]);
    }

    private protected override async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Bench.Folder["certs.db"]};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
#pragma warning disable CA2100 // Every statement is written in this file.
        await using var command = new SqliteCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    // Of cfssl's migrations for SQLite.
    private const string Schema = """
        CREATE TABLE certificates (
            serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob, status blob NOT NULL,
            reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL, issued_at timestamp,
            not_before timestamp, metadata, sans, common_name text,
            PRIMARY KEY (serial_number, authority_key_identifier)
        )
        """;
}
