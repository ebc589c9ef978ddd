using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

[Collection("PostgreSQL")]
[Trait("Ring", "program")]
public sealed class PostgresCertificateRegistryTests(PostgresFixture postgres) : RegistryTests
{
    private readonly List<PostgresCertificateRegistry> _opened = [];
    private readonly string _authority = Guid.NewGuid().ToString("N");

    public override async ValueTask DisposeAsync()
    {
        foreach (var registry in _opened)
            await registry.DisposeAsync();
    }

    [Fact]
    public async Task What_another_machine_commits_is_noticed_and_not_before()
    {
        var ours = await OpenAsync();
        var theirs = await OpenAsync();
        await theirs.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.Source.FindChangesAsync(Cancellation);
        Assert.Same(SourceChanges.None, await ours.Source.FindChangesAsync(Cancellation));

        // Somebody's own tool, in a transaction of its own.
        await using var connection = new Npgsql.NpgsqlConnection((await postgres.ServerAsync()).ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var command = new Npgsql.NpgsqlCommand(
            "UPDATE ocsp_certificates SET revoked_at = now() WHERE authority = $1",
            connection,
            transaction
        );
        command.Parameters.Add(new() { Value = _authority });
        await command.ExecuteNonQueryAsync(Cancellation);
        Assert.Same(SourceChanges.None, await ours.Source.FindChangesAsync(Cancellation));
        await transaction.CommitAsync(Cancellation);
        Assert.Equal(["1267"], (await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers);
        Assert.Equal(CertStatusKind.Revoked, (await ours.Source.FindAsync("1267", Cancellation))?.Status.Kind);
    }

    [Fact]
    public async Task What_this_process_writes_is_no_change_by_others_unless_theirs_came_between()
    {
        var ours = await OpenAsync();
        var theirs = await OpenAsync();
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.Source.FindChangesAsync(Cancellation);
        await ours.RevokeAsync("server", RevocationReason.Superseded, Cancellation);
        await ours.RestoreAsync("server", Cancellation);
        Assert.Same(SourceChanges.None, await ours.Source.FindChangesAsync(Cancellation));
        Assert.Same(SourceChanges.All, await theirs.Source.FindChangesAsync(Cancellation));
        await theirs.RevokeAsync("server", RevocationReason.KeyCompromise, Cancellation);
        await ours.RestoreAsync("server", Cancellation);
        Assert.Equal(["1267"], (await ours.Source.FindChangesAsync(Cancellation)).SerialNumbers?.Distinct());
    }

    [Fact]
    public async Task Emptying_the_table_changes_everything_and_a_deletion_its_certificate()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var registry = new PostgresCertificateRegistry(server.ConnectionString, "authority", Clock);
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RegisterAsync(Certificate("another", "1268"), Cancellation);
        await registry.FindChangesAsync(Cancellation);
        await ExecuteAsync(server, "DELETE FROM ocsp_certificates WHERE serial = '1267'");
        Assert.Equal(["1267"], (await registry.FindChangesAsync(Cancellation)).SerialNumbers);
        await ExecuteAsync(server, "TRUNCATE ocsp_certificates");
        Assert.Same(SourceChanges.All, await registry.FindChangesAsync(Cancellation));
    }

    [Fact]
    public async Task Emptying_a_table_that_nobody_changed_is_a_change_too()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var registry = new PostgresCertificateRegistry(server.ConnectionString, "authority", Clock);
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.FindChangesAsync(Cancellation);
        await ExecuteAsync(server, "TRUNCATE ocsp_certificates");
        Assert.Same(SourceChanges.All, await registry.FindChangesAsync(Cancellation));
    }

    [Theory]
    [InlineData("revoked_at = 'infinity'")]
    [InlineData("revoked_at = now(), reason = 77")]
    public async Task A_row_that_cannot_be_said_is_that_certificates_alone(string change)
    {
        await using var server = await PostgresServer.StartAsync();
        await using var registry = new PostgresCertificateRegistry(server.ConnectionString, "authority", Clock);
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RegisterAsync(Certificate("another", "1268"), Cancellation);
        await ExecuteAsync(server, $"UPDATE ocsp_certificates SET {change} WHERE serial = '1267'");
        await Assert.ThrowsAsync<InvalidDataException>(() => registry.FindAsync("1267", Cancellation).AsTask());
        Assert.Equal(CertStatusKind.Good, (await registry.FindAsync("1268", Cancellation))?.Status.Kind);
    }

    [Fact]
    public async Task Authorities_in_one_database_do_not_meet()
    {
        var ours = await OpenAsync();
        var theirs = await OpenAsync("another");
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        Assert.Null(await theirs.Source.FindAsync("1267", Cancellation));
        Assert.Null(await theirs.RevokeAsync("server", RevocationReason.KeyCompromise, Cancellation));
    }

    [Fact]
    public async Task A_server_that_is_down_is_no_answer_and_one_that_is_back_is_asked_again()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var registry = new PostgresCertificateRegistry(server.ConnectionString, "authority", Clock);
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await server.StopAsync();
        await Assert.ThrowsAsync<IOException>(() => registry.FindAsync("1267", Cancellation).AsTask());
        await Assert.ThrowsAsync<IOException>(() => registry.FindChangesAsync(Cancellation).AsTask());
        await Assert.ThrowsAsync<IOException>(() =>
            registry.RevokeAsync("1267", RevocationReason.KeyCompromise, Cancellation)
        );
        await server.ResumeAsync();
        Assert.Equal(CertStatusKind.Good, (await registry.FindAsync("1267", Cancellation))?.Status.Kind);
    }

    [Fact, Trait("Rule", "R44")]
    public async Task Two_responders_answer_what_either_was_told()
    {
        var server = await postgres.ServerAsync();
        await using var first = new ResponderBench();
        await using var second = new ResponderBench();
        foreach (var bench in new[] { first, second })
        {
            bench.Add("test", first.Authority.Certificate, first.Authority.Delegate());
            bench.Settings["Authorities:test:PostgreSql"] = server.ConnectionString;
            await bench.StartAsync();
        }

        var subject = OcspSubject.FromSerial(0x1267, first.Authority.Certificate);
        await first.Admin.RegisterAsync(Certificate("server", "1267"), Cancellation);
        Assert.Equal(CertStatusKind.Good, (await second.StapleAsync(subject)).Status.Kind);
        await first.Admin.RevokeAsync("server", RevocationReason.KeyCompromise, Cancellation);
        Assert.Equal(CertStatusKind.Revoked, (await first.StapleAsync(subject)).Status.Kind);
        await Poll.UntilAsync(
            async () =>
            {
                second.Clock.Advance(TimeSpan.FromSeconds(1));
                return (await second.StapleAsync(subject)).Status.Kind == CertStatusKind.Revoked;
            },
            "the revocation on the other machine"
        );
    }

    private static async Task ExecuteAsync(PostgresServer server, string sql)
    {
        await using var database = Npgsql.NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private protected override Task<Opened> OpenAsync() => OpenAsync(_authority);

    private async Task<Opened> OpenAsync(string authority)
    {
        var registry = new PostgresCertificateRegistry(
            (await postgres.ServerAsync()).ConnectionString,
            authority,
            Clock
        );
        _opened.Add(registry);
        return new Opened(registry, registry);
    }
}

/// <summary>One server for all tests: it takes a second to start.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private PostgresServer? _server;

    public async Task<PostgresServer> ServerAsync() => _server ??= await PostgresServer.StartAsync();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

[CollectionDefinition("PostgreSQL")]
public sealed class PostgresTests : ICollectionFixture<PostgresFixture>;
