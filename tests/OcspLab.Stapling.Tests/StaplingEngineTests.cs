using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OcspLab.Ocsp;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

public sealed class StaplingEngineTests : IAsyncLifetime
{
    private static readonly CertStatus Revoked = CertStatus.Revoked(TestAuthority.Now.AddHours(-1), RevocationReason.KeyCompromise);

    private readonly FakeTimeProvider _clock = new(TestAuthority.Now);
    private readonly FakeLogCollector _log = new();
    private readonly ScriptedClient _client = new();
    private readonly StaplingOptions _options = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private StaplingEngine? _engine;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Engine.StopAsync(CancellationToken.None);
        Engine.Dispose();
        await _services.DisposeAsync();
    }

    [Fact, Trait("Rule", "S1")]
    public async Task The_first_staple_is_there_when_the_wait_ends()
    {
        _client.Answer(Staples.Verified());
        var slot = Add();
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(CertStatusKind.Good, slot.Current?.Status.Kind);
    }

    [Fact, Trait("Rule", "S1")]
    public async Task The_wait_for_a_hanging_responder_is_bounded()
    {
        _client.Hang();
        Add();
        var wait = Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.False(wait.IsCompleted);
        _clock.Advance(_options.StartupTimeout);
        await wait;
        Assert.Contains(_log.GetSnapshot(), record => record.Id.Name == "PrefetchIncomplete");
    }

    [Fact, Trait("Rule", "S7")]
    public async Task An_outage_is_invisible_until_next_update_and_then_there_is_nothing()
    {
        _client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        _client.Fail();
        while (_clock.GetUtcNow() < slot.Current!.ExpiresAt.AddMinutes(-10))
        {
            await AdvanceAsync(TimeSpan.FromMinutes(5));
            Assert.NotNull(slot.Current);
        }

        await Poll.UntilAsync(async () =>
        {
            await AdvanceAsync(TimeSpan.FromMinutes(1));
            return slot.Current is null;
        }, "the expired staple is dropped");
        Assert.True(_clock.GetUtcNow() >= TestAuthority.Now.AddHours(23), "dropped too early");
        Assert.Contains(_log.GetSnapshot(), record => record.Id.Name == "StapleExpired");
    }

    [Theory, Trait("Rule", "S10")]
    [InlineData(RevokedPolicy.Staple)]
    [InlineData(RevokedPolicy.Withhold)]
    public async Task A_revocation_replaces_the_good_one_at_once(RevokedPolicy policy)
    {
        _options.Revoked = policy;
        _client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        _client.Answer(Staples.Verified(Revoked, thisUpdate: TestAuthority.Now));
        await RefreshAsync(slot);
        Assert.Equal(policy == RevokedPolicy.Staple ? CertStatusKind.Revoked : null, slot.Current?.Status.Kind);
        Assert.Equal("revoked", slot.Status.LastOutcome);
        Assert.Single(_log.GetSnapshot(), record => record.Id.Name == "CertificateRevoked" && record.Level == LogLevel.Error);
    }

    [Fact, Trait("Rule", "S10")]
    public async Task After_a_withheld_revocation_an_older_good_one_does_not_come_back()
    {
        _options.Revoked = RevokedPolicy.Withhold;
        _client.Answer(Staples.Verified(Revoked));
        var slot = await AddAndWaitAsync();
        _client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now.AddHours(-2)));
        await RefreshAsync(slot);
        Assert.Null(slot.Current);
    }

    [Fact, Trait("Rule", "S6")]
    public async Task A_fault_that_nobody_foresaw_does_not_end_refreshing()
    {
        _client.Throw();
        var slot = await AddAndWaitAsync();
        Assert.StartsWith("faulted", slot.Status.LastOutcome, StringComparison.Ordinal);
        _client.Answer(Staples.Verified());
        await RefreshAsync(slot);
        Assert.NotNull(slot.Current);
    }

    [Fact, Trait("Rule", "S11")]
    public async Task Unknown_is_not_stapled_and_the_last_good_one_stays()
    {
        var good = Staples.Verified();
        _client.Answer(good);
        var slot = await AddAndWaitAsync();
        _client.Answer(Staples.Verified(CertStatus.Unknown, thisUpdate: TestAuthority.Now));
        await RefreshAsync(slot);
        Assert.Same(good, slot.Current);
        Assert.StartsWith("unknown", slot.Status.LastOutcome, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task An_older_answer_does_not_replace_a_newer_one()
    {
        var newer = Staples.Verified(Revoked);
        _client.Answer(newer);
        var slot = await AddAndWaitAsync();
        _client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now.AddHours(-2)));
        await RefreshAsync(slot);
        Assert.Same(newer, slot.Current);
    }

    [Fact, Trait("Rule", "S3")]
    public async Task Refreshing_needs_no_traffic()
    {
        _client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        var fresh = Staples.Verified(thisUpdate: TestAuthority.Now);
        _client.Answer(fresh);
        await RefreshAsync(slot);
        Assert.Same(fresh, slot.Current);
    }

    [Fact, Trait("Rule", "S36")]
    public async Task A_certificate_without_a_url_costs_one_line_and_no_request()
    {
        var slot = Engine.Add(Staples.Authority.Server(), [Staples.Authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Null(slot.Subject);
        Assert.Equal(0, _client.Calls);
        Assert.Equal(LogLevel.Information, Assert.Single(_log.GetSnapshot(), record => record.Id.Name == "NoOcspUrl").Level);
    }

    [Fact, Trait("Rule", "S34")]
    public void A_missing_issuer_is_named()
    {
        Engine.Add(Staples.Server, []);
        Assert.Contains("CN=Test CA", Assert.Single(_log.GetSnapshot(), record => record.Id.Name == "IssuerMissing").Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "S20")]
    public async Task The_configured_responder_is_asked_instead_of_the_certificates()
    {
        _options.Responder = new Uri("http://override.example.test");
        _client.Answer(Staples.Verified());
        await AddAndWaitAsync();
        Assert.Equal([_options.Responder], _client.LastUrls);
    }

    [Fact]
    public void The_same_certificate_is_met_once() => Assert.Same(Add(), Add());

    private StaplingEngine Engine => _engine ??= new StaplingEngine(
        _client, new Monitor(_options), new StaplingMetrics(_services.GetRequiredService<IMeterFactory>()), _clock, new Random(1), LoggerFactory.Create(builder => builder.AddProvider(new FakeLoggerProvider(_log)).SetMinimumLevel(LogLevel.Trace)));

    private StapleSlot Add() => Engine.Add(Staples.Server, [Staples.Authority.Certificate]);

    private async Task<StapleSlot> AddAndWaitAsync()
    {
        var slot = Add();
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        return slot;
    }

    private async Task RefreshAsync(StapleSlot slot)
    {
        var calls = _client.Calls;
        for (var step = 0; step < 1500 && (_client.Calls == calls || slot.Status.LastRefresh == TestAuthority.Now); step++)
            await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.NotEqual(calls, _client.Calls);
    }

    // Fake time moves; the engine's own thread then needs a moment of real time.
    private async Task AdvanceAsync(TimeSpan time)
    {
        _clock.Advance(time);
        await Task.Delay(2, TestContext.Current.CancellationToken);
    }

    private sealed class Monitor(StaplingOptions options) : IOptionsMonitor<StaplingOptions>
    {
        public StaplingOptions CurrentValue => options;

        public StaplingOptions Get(string? name) => options;

        public IDisposable? OnChange(Action<StaplingOptions, string?> listener) => null;
    }

    private sealed class ScriptedClient : IOcspClient
    {
        private Func<IReadOnlyList<Uri>, CancellationToken, Task<OcspFetch>> _script = (_, _) => Task.FromResult(Failed);
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public IReadOnlyList<Uri> LastUrls { get; private set; } = [];

        public void Answer(VerifiedStaple staple) => _script = (urls, _) => Task.FromResult(new OcspFetch
        {
            Staple = staple,
            Attempts = [new FetchAttempt(urls[0], null, 200, OcspResponseStatus.Successful, null, "verified", TimeSpan.Zero)],
            Duration = TimeSpan.Zero,
        });

        public void Fail() => _script = (_, _) => Task.FromResult(Failed);

        public void Throw() => _script = (_, _) => throw new OperationCanceledException("not ours");

        public void Hang() => _script = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return Failed;
        };

        public Task<OcspFetch> FetchAsync(OcspSubject subject, IReadOnlyList<Uri> urls, VerificationPolicy policy, CancellationToken cancellationToken)
        {
            LastUrls = urls;
            Interlocked.Increment(ref _calls);
            return _script(urls, cancellationToken);
        }

        private static readonly OcspFetch Failed = new() { Attempts = [], Duration = TimeSpan.Zero };
    }
}
