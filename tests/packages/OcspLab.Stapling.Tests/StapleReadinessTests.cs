using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Tests;

/// <summary>When requests may come to an instance that has just started.</summary>
public sealed class StapleReadinessTests : EngineBench
{
    private HealthCheckRegistration? _registration;

    [Fact, Trait("Rule", "S32")]
    public async Task It_waits_for_the_first_staple_and_stays_ready_whatever_comes()
    {
        Client.Fail();
        await AddAndWaitAsync();
        Assert.Equal(HealthStatus.Unhealthy, await CheckAsync());
        Client.Answer(Staples.Verified());
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());
        Client.Fail();
        await PassAsync(TimeSpan.FromDays(3));
        Assert.Null(Engine.Staples.Single().Staple);
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());
    }

    [Fact, Trait("Rule", "S32")]
    public async Task It_waits_no_longer_than_it_was_told()
    {
        Client.Fail();
        await AddAndWaitAsync();
        Assert.Equal(HealthStatus.Unhealthy, await CheckAsync(TimeSpan.FromMinutes(2)));
        await PassAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(30));
        Assert.Equal(HealthStatus.Healthy, await CheckAsync(TimeSpan.FromMinutes(2)));
    }

    [Fact, Trait("Rule", "S36")]
    public async Task A_certificate_without_ocsp_is_waited_for_by_nobody()
    {
        Engine.Add(Staples.Authority.Server(), [Staples.Authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());
    }

    [Theory, Trait("Rule", "S32")]
    [InlineData(HandOffMode.Unproven, HealthStatus.Unhealthy)]
    [InlineData(HandOffMode.RuntimeOwn, HealthStatus.Healthy)]
    internal async Task A_busy_start_is_no_reason_to_be_ready_and_a_runtime_that_takes_no_staples_is(
        HandOffMode mode,
        HealthStatus expected
    )
    {
        HandOff.GiveUp(mode, "busy");
        Client.Fail();
        await AddAndWaitAsync();
        Assert.Equal(expected, await CheckAsync());
        Client.Answer(Staples.Verified());
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());
    }

    [Fact, Trait("Rule", "S32")]
    public async Task Before_any_certificate_is_known_nothing_is_settled()
    {
        Client.Fail();
        Assert.Equal(HealthStatus.Healthy, await CheckAsync());
        await AddAndWaitAsync();
        Assert.Equal(HealthStatus.Unhealthy, await CheckAsync());
    }

    private async Task<HealthStatus> CheckAsync(TimeSpan? atMost = null)
    {
        if (_registration is null)
        {
            var services = new ServiceCollection();
            services.AddHealthChecks().AddOcspStaplingReadiness(atMost: atMost);
            _registration = services
                .BuildServiceProvider()
                .GetRequiredService<IOptions<HealthCheckServiceOptions>>()
                .Value.Registrations.Single();
        }

        var check = _registration.Factory(
            new ServiceCollection()
                .AddSingleton<IStaplingStatus>(Engine)
                .AddSingleton(HandOff)
                .AddSingleton<TimeProvider>(Clock)
                .BuildServiceProvider()
        );
        var result = await check.CheckHealthAsync(
            new HealthCheckContext { Registration = _registration },
            TestContext.Current.CancellationToken
        );
        return result.Status;
    }
}
