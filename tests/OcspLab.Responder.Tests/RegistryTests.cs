using OcspLab.Ocsp;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>What every registry promises, whatever it keeps its certificates in.</summary>
public abstract class RegistryTests : IAsyncDisposable
{
    [Fact]
    public async Task What_is_registered_is_good_and_what_is_not_is_not_known()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        Assert.Equal(CertStatus.Good, (await registry.Source.FindAsync("1267", Cancellation))?.Status);
        Assert.Null(await registry.Source.FindAsync("1268", Cancellation));
    }

    [Fact]
    public async Task A_revocation_keeps_its_time_and_takes_a_new_reason()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        var revoked = await registry.RevokeAsync("1267", RevocationReason.KeyCompromise, Cancellation);
        Clock.Advance(TimeSpan.FromHours(1));
        var again = await registry.RevokeAsync("server", RevocationReason.Superseded, Cancellation);
        Assert.Equal((revoked!.RevokedAt, RevocationReason.Superseded, TestAuthority.Now.AddHours(1)), (again!.RevokedAt, again.Reason, again.ChangedAt));
        var status = await registry.Source.FindAsync("1267", Cancellation);
        Assert.Equal(CertStatus.Revoked(TestAuthority.Now, RevocationReason.Superseded), status?.Status);
        Assert.Equal(TestAuthority.Now.AddHours(1), status?.ChangedAt);
    }

    [Fact]
    public async Task A_revocation_is_taken_back()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RevokeAsync("server", RevocationReason.CertificateHold, Cancellation);
        var restored = await registry.RestoreAsync("server", Cancellation);
        Assert.Equal((null, null), (restored!.RevokedAt, restored.Reason));
        Assert.Equal(CertStatus.Good, (await registry.Source.FindAsync("1267", Cancellation))?.Status);
    }

    [Fact]
    public async Task Who_registers_again_does_not_take_a_revocation_back()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RevokeAsync("server", RevocationReason.KeyCompromise, Cancellation);
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        Assert.Equal(CertStatusKind.Revoked, (await registry.Source.FindAsync("1267", Cancellation))?.Status.Kind);
    }

    [Fact]
    public async Task A_name_means_its_newest_certificate()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RegisterAsync(Certificate("server", "1268"), Cancellation);
        Assert.Equal("1268", (await registry.RevokeAsync("server", RevocationReason.Unspecified, Cancellation))?.SerialNumber);
        Assert.Equal(CertStatusKind.Good, (await registry.Source.FindAsync("1267", Cancellation))?.Status.Kind);
        Assert.Equal(["1267", "1268"], (await registry.ListAsync(Cancellation)).Select(certificate => certificate.SerialNumber));
    }

    [Fact]
    public async Task A_serial_number_means_its_certificate_even_where_a_newer_one_has_it_for_a_name()
    {
        var registry = await OpenAsync();
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RegisterAsync(Certificate("1267", "1268"), Cancellation);
        Assert.Equal("1267", (await registry.RevokeAsync("1267", RevocationReason.Unspecified, Cancellation))?.SerialNumber);
    }

    [Fact]
    public async Task Nobody_is_revoked_or_restored_by_a_name_that_nobody_has()
    {
        var registry = await OpenAsync();
        Assert.Null(await registry.RevokeAsync("'; DROP TABLE certificates; --", RevocationReason.Unspecified, Cancellation));
        Assert.Null(await registry.RestoreAsync("nobody", Cancellation));
        Assert.Empty(await registry.ListAsync(Cancellation));
    }

    [Fact]
    public async Task A_change_is_told_once_it_is_kept()
    {
        var registry = await OpenAsync();
        var told = new List<string?>();
        registry.Source.Changed += told.Add;
        await registry.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await registry.RevokeAsync("server", RevocationReason.Unspecified, Cancellation);
        await registry.RestoreAsync("server", Cancellation);
        await registry.RestoreAsync("nobody", Cancellation);
        Assert.Equal(["1267", "1267", "1267"], told);
    }

    [Fact]
    public async Task Many_at_once_are_all_kept()
    {
        var registry = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => Task.Run(async () =>
        {
            await registry.RegisterAsync(Certificate($"server-{number}", $"20{number:x2}"), Cancellation);
            await registry.RevokeAsync($"server-{number}", RevocationReason.Superseded, Cancellation);
        }, Cancellation)));
        Assert.Equal(50, (await registry.ListAsync(Cancellation)).Count(certificate => certificate.Reason == RevocationReason.Superseded));
    }

    public abstract ValueTask DisposeAsync();

    protected Microsoft.Extensions.Time.Testing.FakeTimeProvider Clock { get; } = new(TestAuthority.Now);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected static RegisteredCertificate Certificate(string name, string serial) => new(name, serial, TestAuthority.Now, TestAuthority.Now.AddDays(90));

    private protected abstract Task<Opened> OpenAsync();

    /// <summary>Both sides of one object.</summary>
    private protected sealed record Opened(ICertificateRegistry Registry, IStatusSource Source) : ICertificateRegistry
    {
        public Task<IReadOnlyList<RegisteredCertificate>> ListAsync(CancellationToken cancellationToken) => Registry.ListAsync(cancellationToken);

        public Task RegisterAsync(RegisteredCertificate certificate, CancellationToken cancellationToken) => Registry.RegisterAsync(certificate, cancellationToken);

        public Task<RegisteredCertificate?> RevokeAsync(string nameOrSerial, RevocationReason reason, CancellationToken cancellationToken) => Registry.RevokeAsync(nameOrSerial, reason, cancellationToken);

        public Task<RegisteredCertificate?> RestoreAsync(string nameOrSerial, CancellationToken cancellationToken) => Registry.RestoreAsync(nameOrSerial, cancellationToken);
    }
}

public sealed class InMemoryCertificateRegistryTests : RegistryTests
{
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private protected override Task<Opened> OpenAsync()
    {
        var registry = new InMemoryCertificateRegistry(Clock);
        return Task.FromResult(new Opened(registry, registry));
    }
}

public sealed class SqliteCertificateRegistryTests : RegistryTests
{
    private readonly TempFolder _folder = new();

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_another_process_writes_is_noticed()
    {
        var ours = await OpenAsync();
        var theirs = await OpenAsync();
        await ours.Source.HasChangedAsync(Cancellation);
        Assert.False(await ours.Source.HasChangedAsync(Cancellation));
        await theirs.RegisterAsync(Certificate("server", "1267"), Cancellation);
        Assert.True(await ours.Source.HasChangedAsync(Cancellation));
        Assert.False(await ours.Source.HasChangedAsync(Cancellation));
    }

    [Fact]
    public async Task What_this_process_writes_is_no_change_by_others()
    {
        var ours = await OpenAsync();
        await ours.Source.HasChangedAsync(Cancellation);
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.RevokeAsync("server", RevocationReason.Superseded, Cancellation);
        Assert.False(await ours.Source.HasChangedAsync(Cancellation));
    }

    [Fact]
    public async Task A_file_that_was_replaced_is_the_one_that_counts()
    {
        var ours = await OpenAsync();
        await ours.RegisterAsync(Certificate("server", "1267"), Cancellation);
        await ours.Source.FindAsync("1267", Cancellation);
        using (var other = new SqliteCertificateRegistry(_folder["other.db"], Clock))
            await other.RegisterAsync(Certificate("restored", "1267"), Cancellation);
        File.Move(_folder["other.db"], _folder["test.db"], overwrite: true);
        // What is acknowledged from now on is in the file that is there.
        await ours.RevokeAsync("restored", RevocationReason.KeyCompromise, Cancellation);
        Assert.Equal(CertStatusKind.Revoked, (await ours.Source.FindAsync("1267", Cancellation))?.Status.Kind);
        using var next = new SqliteCertificateRegistry(_folder["test.db"], Clock);
        Assert.Equal(CertStatusKind.Revoked, (await next.FindAsync("1267", Cancellation))?.Status.Kind);
    }

    private protected override Task<Opened> OpenAsync()
    {
        var registry = new SqliteCertificateRegistry(_folder["test.db"], Clock);
        return Task.FromResult(new Opened(registry, registry));
    }
}

[Collection("PostgreSQL")]
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
        await ours.Source.HasChangedAsync(Cancellation);
        Assert.False(await ours.Source.HasChangedAsync(Cancellation));

        // Somebody's own tool, in a transaction of its own.
        await using var connection = new Npgsql.NpgsqlConnection((await postgres.ServerAsync()).ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var command = new Npgsql.NpgsqlCommand("UPDATE ocsp_certificates SET revoked_at = now() WHERE authority = $1", connection, transaction);
        command.Parameters.Add(new() { Value = _authority });
        await command.ExecuteNonQueryAsync(Cancellation);
        Assert.False(await ours.Source.HasChangedAsync(Cancellation));
        await transaction.CommitAsync(Cancellation);
        Assert.True(await ours.Source.HasChangedAsync(Cancellation));
        Assert.Equal(CertStatusKind.Revoked, (await ours.Source.FindAsync("1267", Cancellation))?.Status.Kind);
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
        await Assert.ThrowsAsync<IOException>(() => registry.HasChangedAsync(Cancellation).AsTask());
        await Assert.ThrowsAsync<IOException>(() => registry.RevokeAsync("1267", RevocationReason.KeyCompromise, Cancellation));
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
        await Poll.UntilAsync(async () =>
        {
            second.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await second.StapleAsync(subject)).Status.Kind == CertStatusKind.Revoked;
        }, "the revocation on the other machine");
    }

    private protected override Task<Opened> OpenAsync() => OpenAsync(_authority);

    private async Task<Opened> OpenAsync(string authority)
    {
        var registry = new PostgresCertificateRegistry((await postgres.ServerAsync()).ConnectionString, authority, Clock);
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
