using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OcspLab.Stapling.Fleets;
using OcspLab.Testing;

namespace OcspLab.Stapling.PostgreSql.Tests;

/// <summary>PostgreSQL as a fleet's store.</summary>
internal sealed class PostgresStore(PostgresServer postgres) : StoreServer
{
    public override int Port => postgres.Port;

    public override void Use(IServiceCollection services, int port) =>
        services.AddOcspStaplingPostgreSql(
            new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Port = port }.ToString()
        );

    public override Task StopAsync() => postgres.StopAsync();

    public override Task StartAgainAsync() => postgres.ResumeAsync();

    public override void Pause() => postgres.Pause();

    public override void Continue() => postgres.Continue();

    public override async Task WipeAsync() => Assert.NotEqual(0, await RunAsync("delete from ocsp_staples"));

    public override async Task PoisonAsync(string certificate, byte[] value) =>
        Assert.Equal(
            1,
            await RunAsync("update ocsp_staples set response = $2 where certificate = $1", certificate, value)
        );

    public override ValueTask DisposeAsync() => postgres.DisposeAsync();

    private async Task<int> RunAsync(string sql, params object[] values)
    {
        await using var database = NpgsqlDataSource.Create(postgres.ConnectionString);
        await using var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.AddWithValue(value);
        return await command.ExecuteNonQueryAsync();
    }
}
