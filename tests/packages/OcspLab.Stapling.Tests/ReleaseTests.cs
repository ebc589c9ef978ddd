using System.Security.Cryptography.X509Certificates;
using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>Certificates come and go; what is kept for those that went does too.</summary>
public sealed class ReleaseTests : EngineBench
{
    private static readonly TestAuthority Authority = new();

    public ReleaseTests() => Client.AnswerFor(Authority, TimeSpan.Zero, Clock);

    [Fact, Trait("Rule", "S42")]
    public async Task A_replaced_certificate_is_let_go_without_any_collection_of_garbage()
    {
        var (old, renewed) = await RenewAsync();
        Engine.Touch(renewed);
        await AdvanceAsync(TimeSpan.FromMinutes(8));
        Assert.True(old.Status.IsInUse);
        await AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.False(old.Status.IsInUse);
        Assert.Equal(RefreshOutcome.Replaced, old.Status.LastOutcome);
        Assert.Equal(2, Engine.Staples.Count);
        // With its last staple it is forgotten.
        await PassAsync(TimeSpan.FromHours(26));
        Assert.Equal(renewed.Key, Assert.Single(Engine.Staples).Thumbprint);
        Assert.NotNull(renewed.Current);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task One_that_handshakes_still_use_is_kept_beside_its_successor()
    {
        var (old, renewed) = await RenewAsync();
        for (var minute = 0; minute < 30; minute++)
        {
            Engine.Touch(renewed);
            Engine.Touch(old);
            await AdvanceAsync(TimeSpan.FromMinutes(1));
        }

        Assert.True(old.Status.IsInUse);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task One_that_an_endpoint_has_is_kept_though_nobody_visits_it()
    {
        var (old, renewed) = await RenewAsync();
        Engine.Hold(() => [_old!]);
        Engine.Touch(renewed);
        await PassAsync(TimeSpan.FromHours(2));
        Assert.True(old.Status.IsInUse);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task A_successor_that_nobody_uses_yet_lets_nobody_go()
    {
        var (old, _) = await RenewAsync();
        Engine.Touch(old);
        await AdvanceAsync(TimeSpan.FromHours(1));
        Assert.True(old.Status.IsInUse);
    }

    [Fact, Trait("Rule", "S42"), Trait("Rule", "S3")]
    public async Task On_a_server_without_visitors_a_prepared_successor_lets_nobody_go()
    {
        _old = Authority.Server(new Uri("http://ocsp.example.test"));
        var old = Engine.Add(_old, [Authority.Certificate]);
        Engine.Touch(old);
        await PassAsync(TimeSpan.FromHours(1));
        await Engine.PrepareAsync(
            Authority.Server(new Uri("http://ocsp.example.test")),
            [Authority.Certificate],
            TestContext.Current.CancellationToken
        );
        await PassAsync(TimeSpan.FromHours(30));
        Assert.True(old.Status.IsInUse);
        Assert.NotNull(old.Current);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task One_for_more_names_is_no_successor()
    {
        var (one, both) = (Named("a.example.test"), Named("a.example.test", "b.example.test"));
        var quiet = Engine.Add(one, [Authority.Certificate]);
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        var busy = Engine.Add(both, [Authority.Certificate]);
        for (var minute = 0; minute < 30; minute++)
        {
            Engine.Touch(busy);
            await AdvanceAsync(TimeSpan.FromMinutes(1));
        }

        Assert.True(quiet.Status.IsInUse);

        static X509Certificate2 Named(params string[] names) => Authority.Issue("CN=named", request =>
            {
                var alternatives = new SubjectAlternativeNameBuilder();
                foreach (var name in names)
                    alternatives.AddDnsName(name);
                request.CertificateExtensions.Add(alternatives.Build());
                request.CertificateExtensions.Add(
                    new X509AuthorityInformationAccessExtension(["http://ocsp.example.test"], [])
                );
            });
    }

    [Fact, Trait("Rule", "S42")]
    public async Task One_that_comes_back_is_asked_about_at_once()
    {
        var (old, renewed) = await RenewAsync();
        Engine.Touch(renewed);
        await AdvanceAsync(TimeSpan.FromMinutes(11));
        Assert.True(old.IsRetired);
        var calls = Client.Calls;
        Engine.Touch(old);
        Assert.True(old.Status.IsInUse);
        await Poll.UntilAsync(() => Client.Calls > calls, "it is asked about");
    }

    [Fact, Trait("Rule", "S42")]
    public async Task What_cannot_be_stapled_is_forgotten_when_nobody_has_used_it_for_a_day()
    {
        for (var number = 0; number < 50; number++)
            Engine.Add(Authority.Server(), [Authority.Certificate]);
        Assert.Equal(50, Engine.Staples.Count);
        await PassAsync(TimeSpan.FromHours(25));
        Assert.Empty(Engine.Staples);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task What_cannot_be_read_is_forgotten_as_well()
    {
        using var odd = Authority.Issue("CN=odd", request =>
            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", [0x30, 0x05, 0x01], false))
        );
        Engine.Add(odd, [Authority.Certificate]);
        await PassAsync(TimeSpan.FromHours(25));
        Assert.Empty(Engine.Staples);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task Whatever_goes_wrong_while_certificates_are_looked_after_the_next_minute_comes()
    {
        Engine.Add(Authority.Server(), [Authority.Certificate]);
        var isBroken = true;
        Engine.Hold(() => isBroken ? throw new InvalidOperationException("no") : []);
        await PassAsync(TimeSpan.FromHours(25));
        Assert.Single(Engine.Staples);
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "UpkeepFaulted");
        isBroken = false;
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Empty(Engine.Staples);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task A_certificate_that_expired_long_ago_is_forgotten()
    {
        var slot = Engine.Add(Authority.Server(new Uri("http://ocsp.example.test")), [Authority.Certificate]);
        Clock.Step(slot.Status.NotAfter - TestAuthority.Now + TimeSpan.FromHours(1));
        await PassAsync(TimeSpan.FromHours(26));
        Assert.Empty(Engine.Staples);
        Assert.True(slot.IsReleased);
    }

    [Fact, Trait("Rule", "S42")]
    public async Task Files_of_expired_responses_go_and_all_others_stay()
    {
        using var folder = new TempFolder();
        var store = new DirectoryStapleStore(folder["staples"]);
        store.Create();
        string[] kept = [Name('a') + ".der", "readme.txt", "other.der", Name('b') + ".issuer.der", Name('b') + ".der"];
        string[] gone = [Name('c') + ".der", Name('d') + ".der", $".{Name('e')}.der.x1y2"];
        var good = Staples.Verified(nextUpdate: TestAuthority.Now.AddDays(2)).Encoded.ToArray();
        var over = Authority.Respond(
            Staples.Server,
            CertStatus.Good,
            TestAuthority.Now.AddDays(-9),
            TestAuthority.Now.AddDays(-2)
        );
        foreach (var name in kept.Concat(gone))
        {
            var path = Path.Combine(folder["staples"], name);
            await File.WriteAllBytesAsync(
                path,
                name == gone[0] ? over
                    : name == gone[1] ? "<html>"u8.ToArray()
                    : good,
                TestContext.Current.CancellationToken
            );
            File.SetLastWriteTimeUtc(path, TestAuthority.Now.AddHours(-2).UtcDateTime);
        }

        await store.SweepAsync(TestAuthority.Now, TestContext.Current.CancellationToken);
        Assert.Equal(kept.Order(), Directory.GetFiles(folder["staples"]).Select(Path.GetFileName).Order());

        static string Name(char digit) => new(digit, 64);
    }

    private X509Certificate2? _old;

    private async Task<(StapleSlot Old, StapleSlot Renewed)> RenewAsync()
    {
        _old = Authority.Server(new Uri("http://ocsp.example.test"));
        var old = Engine.Add(_old, [Authority.Certificate]);
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        var renewed = Engine.Add(Authority.Server(new Uri("http://ocsp.example.test")), [Authority.Certificate]);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        return (old, renewed);
    }
}
