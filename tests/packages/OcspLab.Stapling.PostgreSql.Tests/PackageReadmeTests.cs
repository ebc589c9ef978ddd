using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.PostgreSql.Tests;

/// <summary>The code of the package's README: compiled here, and run.</summary>
[Trait("Ring", "program")]
public sealed class PackageReadmeTests
{
    [Fact]
    public void Its_code_is_what_is_compiled_here() => ReadmeCode.AssertIsIn("PackageReadmeTests.cs.txt", blocks: 2);

    [Fact]
    public async Task An_application_starts_with_it_though_the_server_is_away()
    {
        var services = new ServiceCollection();
        services.AddOcspStapling();
        services.AddOcspStaplingPostgreSql("Host=db;Database=app;Username=app");
        Assert.Equal(RefreshOutcome.Good, await PrepareAsync(services));
    }

    [Fact]
    public void What_is_no_address_is_said_at_once() =>
        Assert.ThrowsAny<ArgumentException>(() => new ServiceCollection().AddOcspStaplingPostgreSql("Hst=db"));

    [Fact]
    public async Task Over_a_data_source_of_the_applications_there_is_a_row()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var database = NpgsqlDataSource.Create(server.ConnectionString);
        var services = new ServiceCollection();
        services.AddSingleton(database);
        services.AddOcspStapling();
        services.AddOcspStaplingPostgreSql(provider => provider.GetRequiredService<NpgsqlDataSource>());
        Assert.Equal(RefreshOutcome.Good, await PrepareAsync(services));
        await using var count = database.CreateCommand("select count(*) from ocsp_staples where response is not null");
        Assert.Equal(1L, await count.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_role_that_may_not_make_tables_uses_the_one_of_the_README()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var database = NpgsqlDataSource.Create(server.ConnectionString);
        var readme = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "README.md"),
            TestContext.Current.CancellationToken
        );
        await using (
            var make = database.CreateCommand(
                readme.Split("```sql\n")[1].Split("```")[0]
                    + "create role shop login; revoke create on schema public from public;"
                    + "grant select, insert, update, delete on ocsp_staples to shop"
            )
        )
            await make.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var services = new ServiceCollection();
        services.AddOcspStapling();
        services.AddOcspStaplingPostgreSql(
            new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = "shop" }.ToString()
        );
        Assert.Equal(RefreshOutcome.Good, await PrepareAsync(services));
        await using var count = database.CreateCommand(
            "select count(*) from ocsp_staples where next_refresh is not null"
        );
        Assert.Equal(1L, await count.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>What came of the first look for a certificate.</summary>
    private static async Task<RefreshOutcome> PrepareAsync(ServiceCollection services)
    {
        var authority = new TestAuthority();
        await using var responder = await ScriptedServer.StartAsync();
        var now = DateTimeOffset.UtcNow;
        using var certificate = authority.Server(responder.Url, now.AddDays(-1), now.AddDays(1));
        responder.Script = ScriptedServer.Send(() => authority.Respond(certificate, thisUpdate: now));
        await using var provider = services.BuildServiceProvider();
        var status = await provider
            .GetRequiredService<IOcspStapler>()
            .PrepareAsync(certificate, [authority.Certificate], TestContext.Current.CancellationToken);
        return status.LastOutcome;
    }
}
