using Npgsql;
using OcspLab.Testing;

namespace OcspLab.Stapling.PostgreSql.Tests;

/// <summary>Who may ask for all.</summary>
[Trait("Ring", "program")]
public sealed class PostgresLeaseTests
{
    [Fact, Trait("Rule", "S26")]
    public async Task Whoever_waited_for_the_row_does_not_take_the_lease_of_the_one_that_was_quicker()
    {
        var stopping = TestContext.Current.CancellationToken;
        await using var server = await PostgresServer.StartAsync();
        await using var database = NpgsqlDataSource.Create(server.ConnectionString);
        var store = new PostgresStapleStore(database);
        Assert.True(await store.TryAcquireLeaseAsync("one", Duration, stopping));
        await store.ReleaseLeaseAsync("one", stopping);

        await using var other = await database.OpenConnectionAsync(stopping);
        await using var transaction = await other.BeginTransactionAsync(stopping);
        await RunAsync(other, "select 1 from ocsp_staples for update");
        var waiting = store.TryAcquireLeaseAsync("one", Duration, stopping).AsTask();
        await Poll.UntilAsync(
            async () => await CountAsync(database, "pg_stat_activity where wait_event_type = 'Lock'") > 0,
            "it waits for the row"
        );
        await RunAsync(
            other,
            "update ocsp_staples set lease_holder = 'other', lease_end = clock_timestamp() + interval '1 minute'"
        );
        await transaction.CommitAsync(stopping);

        Assert.False(await waiting);
        Assert.Equal(1, await CountAsync(database, "ocsp_staples where lease_holder = 'other'"));
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<long> CountAsync(NpgsqlDataSource database, string what)
    {
        await using var command = database.CreateCommand($"select count(*) from {what}");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(1);
}
