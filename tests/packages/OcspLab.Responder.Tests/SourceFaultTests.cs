using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
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
        Assert.Equal(
            HealthStatus.Unhealthy,
            (
                await _bench
                    .Services.GetRequiredService<HealthCheckService>()
                    .CheckHealthAsync(TestContext.Current.CancellationToken)
            ).Status
        );
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

        public ValueTask<bool> HasChangedAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException("out of order");
    }
}
