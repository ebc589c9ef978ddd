using OcspLab.Ocsp.Responses;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>A fleet with one store: one instance asks for all, and gives the lease back whatever comes of it.</summary>
public sealed class SharedFetchTests : EngineBench
{
    // Fetch:Timeout and a quarter of a minute.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(45);
    private const int Instances = 4;
    private const int Certificates = 40;

    [Fact, Trait("Rule", "S26")]
    public async Task However_long_the_queue_at_the_responder_each_certificate_is_asked_about_once()
    {
        var authority = new TestAuthority();
        var servers = Enumerable
            .Range(0, Certificates)
            .Select(_ => authority.Server(new Uri("http://ocsp.example.test")))
            .ToArray();
        var cache = new CountingCache(Clock);
        Options.MaximumConcurrency = 2;
        Client.AnswerFor(authority, TimeSpan.FromSeconds(10), Clock);
        var engines = Enumerable
            .Range(0, Instances)
            .Select(_ =>
            {
                Store = new DistributedStapleStore(cache, Clock);
                return CreateEngine();
            })
            .ToArray();
        foreach (var engine in engines)
        {
            foreach (var server in servers)
                engine.Add(server, [authority.Certificate]);
        }

        // The whole queue takes far longer than a lease lasts.
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return engines.All(engine => engine.Staples.All(staple => staple.Staple is not null));
            },
            "every instance has every staple",
            seconds: 120
        );
        Assert.InRange(Clock.GetUtcNow() - TestAuthority.Now, Lease, TimeSpan.FromHours(1));
        Assert.InRange(Client.Calls, Certificates, Certificates * 21 / 20);
        foreach (var engine in engines)
            await engine.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task A_failed_fetch_gives_the_lease_back()
    {
        var store = new LeasingStore();
        Store = store;
        Client.Fail();
        var slot = Add();
        await Poll.UntilAsync(() => slot.Status.LastOutcome == RefreshOutcome.Failed, "the fetch fails");
        Assert.Equal((1, 1), (store.Taken, store.Released));
    }

    [Fact, Trait("Rule", "S26")]
    public async Task An_instance_that_stops_gives_its_lease_back()
    {
        var store = new LeasingStore();
        Store = store;
        Client.Hang();
        Add();
        await Poll.UntilAsync(() => Client.Calls == 1, "it asks");
        await Engine.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (store.Taken, store.Released));
    }

    [Fact, Trait("Rule", "S33")]
    public async Task A_refresh_on_demand_asks_the_responder_and_not_the_fleet()
    {
        var store = new LeasingStore();
        Store = store;
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        // Newer in the store, and newer still at the responder.
        store.Content = Staples.Verified(thisUpdate: TestAuthority.Now.AddMinutes(-20)).Encoded.ToArray();
        var fresh = Staples.Verified(CertStatus.Revoked(TestAuthority.Now.AddHours(-1)), thisUpdate: TestAuthority.Now);
        Client.Answer(fresh);
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Same(fresh, slot.Current);
        Assert.Equal(2, Client.Calls);
    }

    private sealed class LeasingStore : IStapleStore
    {
        public byte[]? Content { get; set; }

        public int Taken { get; private set; }

        public int Released { get; private set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) => new(Content);

        public ValueTask SaveAsync(
            string certificate,
            Ocsp.Verification.VerifiedStaple staple,
            CancellationToken cancellationToken
        ) => ValueTask.CompletedTask;

        public ValueTask<bool> TryAcquireLeaseAsync(
            string certificate,
            TimeSpan duration,
            CancellationToken cancellationToken
        )
        {
            Taken++;
            return new(true);
        }

        public ValueTask ReleaseLeaseAsync(string certificate, CancellationToken cancellationToken)
        {
            Released++;
            return ValueTask.CompletedTask;
        }
    }
}
