using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>A certificate that comes without its issuer's.</summary>
public sealed class MissingIssuerTests : EngineBench
{
    [Fact, Trait("Rule", "S45")]
    public async Task The_issuer_is_downloaded_and_kept_and_then_the_responder_is_asked()
    {
        var store = new IssuerStore();
        Store = store;
        Issuers.Issuer = Staples.Authority.Certificate;
        Client.Answer(Staples.Verified());
        var slot = Engine.Add(Staples.Server, []);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(slot.Current);
        Assert.Equal(Staples.Authority.Certificate.RawData, store.Issuer);

        // The next start needs no download.
        Store = store;
        var again = CreateEngine();
        var next = again.Add(Staples.Server, []);
        await again.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(next.Current);
        Assert.Equal(1, Issuers.Calls);
        await again.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact, Trait("Rule", "S45")]
    public async Task A_stranger_from_the_store_or_the_network_is_not_believed()
    {
        var stranger = new TestAuthority().Certificate;
        Store = new IssuerStore { Issuer = stranger.RawData };
        Issuers.Issuer = stranger;
        Client.Answer(Staples.Verified());
        var slot = Engine.Add(Staples.Server, []);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Null(slot.Current);
        Assert.Equal(0, Client.Calls);
        Assert.Equal((RefreshOutcome.Unusable, 1), (slot.Status.LastOutcome, slot.Status.Failures));
    }

    [Fact, Trait("Rule", "S45"), Trait("Rule", "S34")]
    public async Task The_search_goes_on_and_is_told_once()
    {
        Client.Answer(Staples.Verified());
        var slot = Engine.Add(Staples.Server, []);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromMinutes(1));
                return Issuers.Calls > 2;
            },
            "it is looked for again"
        );
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "IssuerMissing");
        Issuers.Issuer = Staples.Authority.Certificate;
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromMinutes(1));
                return slot.Current is not null;
            },
            "it is found"
        );
    }

    [Fact, Trait("Rule", "S45"), Trait("Rule", "S42")]
    public async Task The_search_goes_on_for_longer_than_a_day_without_visitors()
    {
        var slot = Engine.Add(Staples.Server, []);
        await PassAsync(TimeSpan.FromHours(26));
        Assert.False(slot.IsReleased);
    }

    [Fact, Trait("Rule", "S45"), Trait("Rule", "S36")]
    public async Task Nothing_is_downloaded_while_stapling_is_off_and_all_is_well_once_it_is_on_again()
    {
        Options.Certificates["server"] = new CertificateStaplingOptions { Use = StaplingUse.Off };
        Client.Answer(Staples.Verified());
        var slot = Engine.Add(Staples.Server, []);
        await PassAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));
        Assert.Equal((0, StapleSourceKind.Off), (Issuers.Calls, slot.Status.Source));
        Options.Certificates.Clear();
        Monitor.Changed();
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return slot.Status.LastOutcome == RefreshOutcome.Unusable;
            },
            "the issuer is looked for"
        );
        Options.Certificates["server"] = new CertificateStaplingOptions { Use = StaplingUse.Off };
        Monitor.Changed();
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        var calls = Issuers.Calls;
        await PassAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));
        Assert.Equal(calls, Issuers.Calls);
        Issuers.Issuer = Staples.Authority.Certificate;
        Options.Certificates.Clear();
        Monitor.Changed();
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await Poll.UntilAsync(() => slot.Current is not null, "it is stapled");
    }

    [Fact, Trait("Rule", "S45")]
    public async Task Certificates_of_one_authority_download_it_once()
    {
        var authority = new TestAuthority();
        Issuers.Issuer = authority.Certificate;
        Client.AnswerFor(authority, TimeSpan.Zero, Clock);
        for (var number = 0; number < 50; number++)
            Engine.Add(authority.Server(new Uri("http://ocsp.example.test")), []);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.All(Engine.Staples, staple => Assert.NotNull(staple.Staple));
        Assert.Equal(1, Issuers.Calls);
    }

    [Fact, Trait("Rule", "S45")]
    public async Task A_file_of_the_settings_that_is_mended_is_read_again()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["ca.pem"], "", TestContext.Current.CancellationToken);
        Options.Issuers.Add(folder["ca.pem"]);
        Client.Answer(Staples.Verified());
        var slot = Engine.Add(Staples.Server, []);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Contains("ca.pem", slot.Status.LastDetail, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            folder["ca.pem"],
            Staples.Authority.Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromMinutes(1));
                return slot.Current is not null;
            },
            "it is read again"
        );
    }

    [Fact, Trait("Rule", "S45")]
    public async Task A_chain_that_a_handshake_brings_later_is_taken_at_once()
    {
        Client.Answer(Staples.Verified());
        var slot = Engine.Add(Staples.Server, []);
        await Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Same(slot, Engine.Add(Staples.Server, [Staples.Authority.Certificate]));
        await Poll.UntilAsync(() => slot.Current is not null, "it is taken");
        Assert.Equal(StapleSourceKind.Responder, slot.Status.Source);
    }

    private sealed class IssuerStore : IStapleStore
    {
        public byte[]? Issuer { get; set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
            new((byte[]?)null);

        public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public ValueTask<byte[]?> LoadIssuerAsync(string certificate, CancellationToken cancellationToken) =>
            new(Issuer);

        public ValueTask SaveIssuerAsync(
            string certificate,
            ReadOnlyMemory<byte> issuer,
            CancellationToken cancellationToken
        )
        {
            Issuer = issuer.ToArray();
            return ValueTask.CompletedTask;
        }
    }
}
