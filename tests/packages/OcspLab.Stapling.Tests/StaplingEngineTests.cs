using Microsoft.Extensions.Logging;
using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Status;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

public sealed class StaplingEngineTests : EngineBench
{
    private static readonly CertStatus Revoked = CertStatus.Revoked(
        TestAuthority.Now.AddHours(-1),
        RevocationReason.KeyCompromise
    );

    [Fact, Trait("Rule", "S1")]
    public async Task The_first_staple_is_there_when_the_wait_ends()
    {
        Client.Answer(Staples.Verified());
        var slot = Add();
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(CertStatusKind.Good, slot.Current?.Status.Kind);
    }

    [Fact, Trait("Rule", "S1")]
    public async Task The_wait_for_a_hanging_responder_is_bounded()
    {
        Client.Hang();
        Add();
        var wait = Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.False(wait.IsCompleted);
        Clock.Advance(Options.StartupTimeout);
        await wait;
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "PrefetchIncomplete");
    }

    [Fact, Trait("Rule", "S7")]
    public async Task An_outage_is_invisible_until_next_update_and_then_there_is_nothing()
    {
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        Client.Fail();
        while (Clock.GetUtcNow() < slot.Current!.ExpiresAt.AddMinutes(-10))
        {
            await AdvanceAsync(TimeSpan.FromMinutes(5));
            Assert.NotNull(slot.Current);
        }

        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromMinutes(1));
                return slot.Current is null;
            },
            "the expired staple is dropped"
        );
        Assert.True(Clock.GetUtcNow() >= TestAuthority.Now.AddHours(23), "dropped too early");
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "StapleExpired");
    }

    [Theory, Trait("Rule", "S10")]
    [InlineData(RevokedPolicy.Staple)]
    [InlineData(RevokedPolicy.Withhold)]
    public async Task A_revocation_replaces_the_good_one_at_once(RevokedPolicy policy)
    {
        Options.Revoked = policy;
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        Client.Answer(Staples.Verified(Revoked, thisUpdate: TestAuthority.Now));
        await RefreshAsync(slot);
        Assert.Equal(policy == RevokedPolicy.Staple ? CertStatusKind.Revoked : null, slot.Current?.Status.Kind);
        Assert.Equal(RefreshOutcome.Revoked, slot.Status.LastOutcome);
        Assert.Single(Log.GetSnapshot(), record =>
            record.Id.Name == "CertificateRevoked" && record.Level == LogLevel.Error
        );
    }

    [Fact, Trait("Rule", "S10")]
    public async Task After_a_withheld_revocation_an_older_good_one_does_not_come_back()
    {
        Options.Revoked = RevokedPolicy.Withhold;
        Client.Answer(Staples.Verified(Revoked));
        var slot = await AddAndWaitAsync();
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now.AddHours(-2)));
        await RefreshAsync(slot);
        Assert.Null(slot.Current);
    }

    [Fact, Trait("Rule", "S6")]
    public async Task A_fault_that_nobody_foresaw_does_not_end_refreshing()
    {
        Client.Throw();
        var slot = await AddAndWaitAsync();
        Assert.Equal(RefreshOutcome.Faulted, slot.Status.LastOutcome);
        Client.Answer(Staples.Verified());
        await RefreshAsync(slot);
        Assert.NotNull(slot.Current);
    }

    [Fact, Trait("Rule", "S6")]
    public async Task Settings_that_cannot_be_read_for_hours_do_not_end_refreshing()
    {
        Client.AnswerFor(Staples.Authority, TimeSpan.Zero, Clock);
        await AddAndWaitAsync();
        Monitor.Fault = new UriFormatException("no");
        await PassAsync(TimeSpan.FromHours(13));
        Monitor.Fault = null;
        var calls = Client.Calls;
        await PassAsync(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(1));
        Assert.True(Client.Calls > calls, "It is never asked about again.");
    }

    [Fact, Trait("Rule", "S33")]
    public async Task A_refresh_waits_for_a_responder_that_is_left_alone_and_then_asks_it()
    {
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        var fresh = Staples.Verified(thisUpdate: TestAuthority.Now);
        var isOpen = true;
        Client.Script(
            (urls, _) =>
            {
                if (!isOpen)
                    return Task.FromResult(ScriptedClient.Answered(urls, fresh));
                isOpen = false;
                var attempt = new Ocsp.Fetching.FetchAttempt(
                    urls[0],
                    Ocsp.Fetching.FetchFailure.CircuitOpen,
                    null,
                    null,
                    null,
                    "not asked",
                    TimeSpan.Zero
                );
                return Task.FromResult(
                    new Ocsp.Fetching.OcspFetch
                    {
                        Attempts = [attempt],
                        RetryAfter = TimeSpan.FromSeconds(5),
                        Duration = TimeSpan.Zero,
                    }
                );
            }
        );
        var refresh = Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return refresh.IsCompleted;
            },
            "the refresh is over"
        );
        Assert.Same(fresh, slot.Current);
        Assert.Equal(0, slot.Status.Failures);
    }

    [Fact, Trait("Rule", "S11")]
    public async Task Unknown_is_not_stapled_and_the_last_good_one_stays()
    {
        var good = Staples.Verified();
        Client.Answer(good);
        var slot = await AddAndWaitAsync();
        Client.Answer(Staples.Verified(CertStatus.Unknown, thisUpdate: TestAuthority.Now));
        await RefreshAsync(slot);
        Assert.Same(good, slot.Current);
        Assert.Equal(RefreshOutcome.Unknown, slot.Status.LastOutcome);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task An_older_answer_does_not_replace_a_newer_one()
    {
        var newer = Staples.Verified(Revoked);
        Client.Answer(newer);
        var slot = await AddAndWaitAsync();
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now.AddHours(-2)));
        await RefreshAsync(slot);
        Assert.Same(newer, slot.Current);
    }

    [Fact, Trait("Rule", "S3")]
    public async Task Refreshing_needs_no_traffic()
    {
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        var fresh = Staples.Verified(thisUpdate: TestAuthority.Now);
        Client.Answer(fresh);
        await RefreshAsync(slot);
        Assert.Same(fresh, slot.Current);
    }

    [Fact, Trait("Rule", "S36")]
    public async Task A_certificate_without_a_url_costs_one_line_and_no_request()
    {
        var slot = Engine.Add(Staples.Authority.Server(), [Staples.Authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.False(slot.IsWanted);
        Assert.Equal(0, Client.Calls);
        Assert.Equal(
            LogLevel.Information,
            Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "NoOcspUrl").Level
        );
    }

    [Fact, Trait("Rule", "S34")]
    public async Task A_missing_issuer_is_named()
    {
        Engine.Add(Staples.Server, []);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Contains(
            "CN=Test CA",
            Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "IssuerMissing").Message,
            StringComparison.Ordinal
        );
    }

    [Fact, Trait("Rule", "S20")]
    public async Task The_configured_responder_is_asked_instead_of_the_certificates()
    {
        Options.Responder = new Uri("http://override.example.test");
        Client.Answer(Staples.Verified());
        await AddAndWaitAsync();
        Assert.Equal([Options.Responder], Client.LastUrls);
    }

    [Fact]
    public void The_same_certificate_is_met_once() => Assert.Same(Add(), Add());

    [Fact, Trait("Rule", "S3")]
    public async Task The_certificate_that_was_met_first_may_be_disposed_of()
    {
        Client.Answer(Staples.Verified());
        var first = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(
            Staples.Server.RawData
        );
        var slot = Engine.Add(first, [Staples.Authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        first.Dispose();
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now));
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(RefreshOutcome.Good, slot.Status.LastOutcome);
        Assert.Equal(TestAuthority.Now, slot.Current?.ThisUpdate);
    }

    [Fact, Trait("Rule", "S33")]
    public async Task A_refresh_that_is_under_way_when_the_server_stops_ends_for_its_caller_too()
    {
        Client.Answer(Staples.Verified());
        await AddAndWaitAsync();
        Client.Hang();
        var refresh = Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        await Engine.StopAsync(TestContext.Current.CancellationToken);
        await refresh.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact, Trait("Rule", "S34")]
    public void A_certificate_that_cannot_be_read_closely_is_named_and_harms_nobody()
    {
        using var odd = Staples.Authority.Issue("CN=odd", request =>
            request.CertificateExtensions.Add(
                new System.Security.Cryptography.X509Certificates.X509Extension(
                    "2.5.29.17",
                    [0x30, 0x05, 0x01],
                    critical: false
                )
            )
        );
        var slot = Engine.Add(odd, [Staples.Authority.Certificate]);
        Assert.False(slot.IsWanted);
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "CertificateUnusable");
    }
}
