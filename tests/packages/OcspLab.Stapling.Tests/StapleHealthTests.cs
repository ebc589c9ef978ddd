using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

public sealed class StapleHealthTests : EngineBench
{
    [Fact, Trait("Rule", "S32")]
    public async Task It_degrades_before_the_staple_ends_and_not_when_it_is_too_late()
    {
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());
        Client.Fail();
        while (Clock.GetUtcNow() < TestAuthority.Now.AddHours(18))
            await AdvanceAsync(TimeSpan.FromMinutes(30));
        Assert.NotNull(slot.Current);
        Assert.Equal(HealthStatus.Degraded, await CheckAsync());
    }

    [Theory, Trait("Rule", "S32")]
    [InlineData(false, HealthStatus.Degraded)]
    [InlineData(true, HealthStatus.Unhealthy)]
    public void A_missing_staple_is_worse_for_a_certificate_that_must_have_one(
        bool mustStaple,
        HealthStatus expected
    ) => Assert.Equal(expected, Judge(Status() with { IsMustStaple = mustStaple }));

    [Fact, Trait("Rule", "S32")]
    public async Task Revoked_is_unhealthy_stapled_or_withheld()
    {
        Options.Revoked = RevokedPolicy.Withhold;
        Client.Answer(Staples.Verified(CertStatus.Revoked(TestAuthority.Now.AddHours(-1))));
        await AddAndWaitAsync();
        await Poll.UntilAsync(() => Engine.Staples.Single().IsRevoked, "the revocation");
        Assert.Equal(HealthStatus.Unhealthy, await CheckAsync());
    }

    [Theory, Trait("Rule", "S36")]
    [InlineData(StapleSourceKind.None)]
    [InlineData(StapleSourceKind.Off)]
    public void A_certificate_without_ocsp_is_healthy(StapleSourceKind source) =>
        Assert.Equal(HealthStatus.Healthy, Judge(Status() with { Source = source }));

    [Fact, Trait("Rule", "S31")]
    public async Task Gauges_tell_how_long_the_next_staple_lasts_and_how_old_the_oldest_is()
    {
        Client.Answer(Staples.Verified());
        _ = Engine;
        using var remaining = new MetricCollector<double>(
            Meters,
            StaplingTelemetry.MeterName,
            "ocsp.stapling.staple.remaining"
        );
        using var age = new MetricCollector<double>(Meters, StaplingTelemetry.MeterName, "ocsp.stapling.staple.age");
        using var staples = new MetricCollector<long>(Meters, StaplingTelemetry.MeterName, "ocsp.stapling.staples");
        await AddAndWaitAsync();
        remaining.RecordObservableInstruments();
        age.RecordObservableInstruments();
        staples.RecordObservableInstruments();
        Assert.Equal(TimeSpan.FromHours(23).TotalSeconds, remaining.LastMeasurement!.Value);
        Assert.Equal(TimeSpan.FromHours(1).TotalSeconds, age.LastMeasurement!.Value);
        Assert.Equal((1L, "good"), (staples.LastMeasurement!.Value, staples.LastMeasurement.Tags["state"]));
    }

    [Fact, Trait("Rule", "S31")]
    public async Task A_certificate_that_was_replaced_does_not_count_in_them()
    {
        Client.AnswerFor(Staples.Authority, TimeSpan.Zero, Clock);
        _ = Engine;
        using var remaining = new MetricCollector<double>(
            Meters,
            StaplingTelemetry.MeterName,
            "ocsp.stapling.staple.remaining"
        );
        var old = await AddAndWaitAsync();
        await AdvanceAsync(TimeSpan.FromHours(1));
        var renewed = Engine.Add(
            Staples.Authority.Server(new Uri("http://ocsp.example.test")),
            [Staples.Authority.Certificate]
        );
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Engine.Touch(renewed);
        await AdvanceAsync(TimeSpan.FromMinutes(11));
        Assert.True(old.IsRetired);
        Assert.NotNull(old.Current);
        remaining.RecordObservableInstruments();
        Assert.Equal((renewed.Current!.ExpiresAt - Clock.GetUtcNow()).TotalSeconds, remaining.LastMeasurement!.Value);
    }

    [Theory, Trait("Rule", "S32"), Trait("Rule", "S34")]
    [InlineData(false, HealthStatus.Degraded)]
    [InlineData(true, HealthStatus.Unhealthy)]
    public async Task Staples_that_do_not_reach_handshakes_are_no_health(bool mustStaple, HealthStatus expected)
    {
        Client.Answer(Staples.Verified());
        Engine.Add(mustStaple ? Staples.MustStapleServer : Staples.Server, [Staples.Authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        HandOff.GiveUp(HandOffMode.RuntimeOwn, "a handshake did not send the staple that it was given");
        var check = await new StaplingHealthCheck(Engine, HandOff, Clock).CheckHealthAsync(
            Context(),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(expected, check.Status);
        Assert.Contains("did not send the staple", check.Description, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "S32")]
    public async Task Without_a_certificate_a_broken_hand_off_is_degraded_all_the_same()
    {
        HandOff.GiveUp(HandOffMode.RuntimeOwn, "Kestrel has changed inside");
        Assert.Equal(HealthStatus.Degraded, await CheckAsync());
    }

    private static StapleStatus Status() =>
        new()
        {
            Certificate = "CN=server",
            Subject = "CN=server",
            Thumbprint = "00",
            SerialNumber = "01",
            NotAfter = DateTimeOffset.MaxValue,
            IsMustStaple = false,
            Source = StapleSourceKind.Responder,
            Urls = [],
            LastOutcome = RefreshOutcome.Failed,
        };

    private static HealthStatus Judge(StapleStatus status) =>
        new StaplingHealthCheck(new OneStatus(status), new HandOffStatus(), TimeProvider.System)
            .CheckHealthAsync(Context())
            .Result.Status;

    private async Task<HealthStatus> CheckAsync() =>
        (await new StaplingHealthCheck(Engine, HandOff, Clock).CheckHealthAsync(Context())).Status;

    private static HealthCheckContext Context() =>
        new()
        {
            Registration = new HealthCheckRegistration("ocsp-stapling", _ => null!, failureStatus: null, tags: null),
        };

    private sealed class OneStatus(StapleStatus status) : IStaplingStatus
    {
        public IReadOnlyList<StapleStatus> Staples => [status];

        public Task<IReadOnlyList<StapleStatus>> RefreshAsync(
            string? thumbprint = null,
            CancellationToken cancellationToken = default
        ) => Task.FromResult(Staples);
    }
}
