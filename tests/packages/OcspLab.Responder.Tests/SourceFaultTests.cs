using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Sources;
using OcspLab.Testing;

namespace OcspLab.Responder.Tests;

/// <summary>A source that cannot be asked is not a source that knows nothing.</summary>
public sealed class SourceFaultTests : IAsyncDisposable
{
    private readonly ResponderBench _bench = new();

    [Fact, Trait("Rule", "R26")]
    public async Task While_the_database_is_away_clients_try_later_whatever_they_ask()
    {
        await StartAsync();
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(Subject)).Status.Kind);
        Hide();
        await Poll.UntilAsync(
            async () => (await TickAndAskAsync()).Status == OcspResponseStatus.TryLater,
            "the loss of the database is noticed"
        );
        using var response = await _bench.PostAsync(ResponderBench.Question(Subject));
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.True(await IsUnhealthyAsync());
        Assert.NotNull(
            Assert
                .Single((await _bench.Admin.GetStatusAsync(TestContext.Current.CancellationToken)).Authorities)
                .SourceFault
        );
        Assert.False(File.Exists(_bench.Folder["test.db"]), "a lost database came back empty");

        File.Move(_bench.Folder["hidden.db"], _bench.Folder["test.db"]);
        await Poll.UntilAsync(
            async () => (await TickAndAskAsync()).Status == OcspResponseStatus.Successful,
            "the database is back"
        );
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(Subject)).Status.Kind);
    }

    [Fact, Trait("Rule", "R26")]
    public async Task What_is_ready_is_still_answered_where_wanted()
    {
        _bench.Settings["WhenSourceFails"] = "RespondFromCache";
        await StartAsync();
        var ready = await _bench.StapleAsync(Subject);
        Hide();
        await Poll.UntilAsync(
            async () =>
            {
                Assert.Equal(ready.Encoded.ToArray(), (await TickAndAskAsync()).Encoded.ToArray());
                return (await _bench.Admin.GetStatusAsync(TestContext.Current.CancellationToken))
                    .Authorities[0]
                    .SourceFault
                    is not null;
            },
            "the loss of the database is noticed"
        );
        Assert.Equal(ready.Encoded.ToArray(), (await TickAndAskAsync()).Encoded.ToArray());
        // Half of a day later it is to be renewed, and cannot be.
        _bench.Clock.Advance(TimeSpan.FromHours(20));
        Assert.Equal(OcspResponseStatus.TryLater, (await TickAndAskAsync()).Status);
    }

    [Theory, Trait("Rule", "R26")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_that_is_broken_is_told_in_health_and_log_as_documented(bool isCorrupt)
    {
        await StartAsync();
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(Subject)).Status.Kind);
        if (isCorrupt)
            Corrupt();
        else
            Execute("DROP TABLE certificates");
        await Poll.UntilAsync(
            async () => (await TickAndAskAsync()).Status == OcspResponseStatus.TryLater && await IsUnhealthyAsync(),
            "what has happened to the database is noticed"
        );
        await TickAndAskAsync();
        var told = Assert.Single(_bench.Log.GetSnapshot(), record => record.Id.Id == 2003);
        Assert.Equal(LogLevel.Error, told.Level);
    }

    [Fact, Trait("Rule", "R26")]
    public async Task A_row_that_cannot_be_read_is_one_bad_answer_and_one_line()
    {
        await StartAsync();
        await _bench.Admin.RegisterAsync(
            new RegisteredCertificate("another", "1268", TestAuthority.Now, TestAuthority.Now.AddDays(30)),
            TestContext.Current.CancellationToken
        );
        Execute("UPDATE certificates SET revoked_at = 'yesterday' WHERE serial = '1267'");
        for (var times = 0; times < 5; times++)
            Assert.Equal(OcspResponseStatus.InternalError, (await TickAndAskAsync()).Status);
        var another = OcspSubject.FromSerial(0x1268, _bench.Authority.Certificate);
        Assert.Equal(CertStatusKind.Good, (await _bench.StapleAsync(another)).Status.Kind);
        Assert.False(await IsUnhealthyAsync());
        var told = Assert.Single(_bench.Log.GetSnapshot(), record => record.Level >= LogLevel.Warning);
        Assert.Equal((2012, null), (told.Id.Id, told.Exception));
    }

    [Fact, Trait("Rule", "R26")]
    public async Task A_change_by_others_drops_only_the_answers_that_it_is_about()
    {
        await StartAsync();
        await _bench.Admin.RegisterAsync(
            new RegisteredCertificate("another", "1268", TestAuthority.Now, TestAuthority.Now.AddDays(30)),
            TestContext.Current.CancellationToken
        );
        var another = OcspSubject.FromSerial(0x1268, _bench.Authority.Certificate);
        var ready = await _bench.StapleAsync(another);
        Execute("UPDATE certificates SET revoked_at = '2026-05-01T00:00:00Z' WHERE serial = '1267'");
        await Poll.UntilAsync(
            async () => (await TickAndAskAsync()).Basic?.Responses.Single().Status.Kind == CertStatusKind.Revoked,
            "the revocation by another program"
        );
        Assert.Equal(ready.Encoded.ToArray(), (await _bench.StapleAsync(another)).Encoded.ToArray());
    }

    [Fact, Trait("Rule", "R41")]
    public async Task After_the_clock_was_set_back_nothing_of_the_future_is_answered()
    {
        await StartAsync();
        _bench.Clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal(TestAuthority.Now.AddHours(3), (await _bench.StapleAsync(Subject)).ProducedAt);
        _bench.Clock.Step(TimeSpan.FromHours(-2));
        Assert.Equal(TestAuthority.Now.AddHours(1), (await _bench.StapleAsync(Subject)).ProducedAt);
        await Poll.UntilAsync(
            async () =>
            {
                await TickAndAskAsync();
                return _bench.Log.GetSnapshot().Any(record => record.Id.Id == 2011);
            },
            "the clock that was set back"
        );
    }

    [Fact]
    public async Task What_cannot_be_stored_is_not_acknowledged()
    {
        await StartAsync();
        await _bench.Admin.RevokeAsync("server", RevocationReason.Superseded, TestContext.Current.CancellationToken);
        Hide();
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() =>
            _bench.Admin.RevokeAsync("server", RevocationReason.KeyCompromise, TestContext.Current.CancellationToken)
        );
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, fault.StatusCode);
    }

    [Fact, Trait("Rule", "R26")]
    public async Task A_source_of_ones_own_that_throws_is_told_as_an_error()
    {
        await using var bench = new ResponderBench { Source = new BrokenSource() };
        await bench.StartAsync();
        Assert.Equal(
            OcspResponseStatus.TryLater,
            (
                await bench.AskAsync(ResponderBench.Question(OcspSubject.FromSerial(1, bench.Authority.Certificate)))
            ).Status
        );
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private OcspSubject Subject => OcspSubject.FromSerial(0x1267, _bench.Authority.Certificate);

    private async Task StartAsync()
    {
        _bench.Add("test", _bench.Authority.Certificate, _bench.Authority.Delegate());
        _bench.Settings["Authorities:test:Database"] = _bench.Folder["test.db"];
        await _bench.StartAsync();
        await _bench.Admin.RegisterAsync(
            new RegisteredCertificate("server", "1267", TestAuthority.Now, TestAuthority.Now.AddDays(30)),
            TestContext.Current.CancellationToken
        );
    }

    private void Hide() => File.Move(_bench.Folder["test.db"], _bench.Folder["hidden.db"]);

    private async Task<bool> IsUnhealthyAsync() =>
        (
            await _bench
                .Services.GetRequiredService<HealthCheckService>()
                .CheckHealthAsync(TestContext.Current.CancellationToken)
        ).Status == HealthStatus.Unhealthy;

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_bench.Folder["test.db"]};Pooling=False");
        connection.Open();
#pragma warning disable CA2100 // Every statement is written in this file.
        using var command = new SqliteCommand(sql, connection);
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    // All but the header, so that it still is a database.
    private void Corrupt()
    {
        Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        using var file = new FileStream(
            _bench.Folder["test.db"],
            FileMode.Open,
            FileAccess.ReadWrite,
            FileShare.ReadWrite
        );
        var rest = new byte[file.Length - 100];
        Random.Shared.NextBytes(rest);
        file.Position = 100;
        file.Write(rest);
        file.Flush(flushToDisk: true);
    }

    private Task<OcspResponse> TickAndAskAsync()
    {
        _bench.Clock.Advance(TimeSpan.FromSeconds(1));
        return _bench.AskAsync(ResponderBench.Question(Subject));
    }

    private sealed class BrokenSource : IStatusSource
    {
        public event Action<string?>? Changed
        {
            add { }
            remove { }
        }

        public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken) =>
            throw new NotSupportedException("out of order");

        public ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException("out of order");
    }
}
