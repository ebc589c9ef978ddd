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

    [Fact, Trait("Ring", "slow"), Trait("Rule", "S26")]
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
    public async Task A_response_that_stays_the_same_for_long_is_asked_for_by_one_instance_at_a_time()
    {
        Store = new MemoryStore();
        // Signed once for a week, as by a responder that signs ahead.
        var same = Staples.Verified(nextUpdate: TestAuthority.Now.AddDays(7));
        Client.Answer(same);
        var engines = Enumerable.Range(0, 8).Select(_ => Start()).ToArray();
        await PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        Assert.Equal(1, Client.Calls);
        // A deployment: all of them are started again, and find it in the store.
        foreach (var engine in engines)
            await engine.StopAsync(TestContext.Current.CancellationToken);
        engines = [.. engines.Select(_ => Start())];
        foreach (var engine in engines)
            await engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        await PassAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));
        Assert.Equal(1, Client.Calls);
        // Half of it is over: one asks, gets the same, and tells when it will ask again.
        await PassAsync(TimeSpan.FromDays(4), TimeSpan.FromMinutes(10));
        Assert.InRange(Client.Calls, 2, 4);
        Assert.All(engines, engine => Assert.NotNull(Assert.Single(engine.Staples).Staple));
        foreach (var engine in engines)
            await engine.StopAsync(TestContext.Current.CancellationToken);

        Refreshing.StaplingEngine Start()
        {
            var engine = CreateEngine();
            engine.Add(Staples.Server, [Staples.Authority.Certificate]);
            return engine;
        }
    }

    [Fact, Trait("Rule", "S26")]
    public async Task Whoever_writes_to_the_store_keeps_no_instance_from_asking_to_the_end()
    {
        var store = new MemoryStore();
        Store = store;
        Client.Answer(Staples.Verified(nextUpdate: TestAuthority.Now.AddDays(7)));
        var slot = await AddAndWaitAsync();
        store.NextRefreshes[slot.Key] = TestAuthority.Now.AddYears(100);
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now, nextUpdate: TestAuthority.Now.AddDays(9)));
        await PassAsync(TimeSpan.FromDays(6.5), TimeSpan.FromMinutes(30));
        Assert.InRange(Client.Calls, 2, 9);
        Assert.Equal(TestAuthority.Now.AddDays(9), slot.Current?.ExpiresAt);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task What_the_store_has_lost_is_kept_again()
    {
        var store = new LeasingStore { Keeps = true };
        Store = store;
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        await Poll.UntilAsync(() => store.Content is not null, "it is kept");
        // Somebody who knew less was the last to write.
        store.Content = Staples.Verified(thisUpdate: TestAuthority.Now.AddHours(-5)).Encoded.ToArray();
        var due = slot.Status.NextRefresh!.Value;
        Client.Fail();
        while (Clock.GetUtcNow() < due.AddMinutes(5))
            await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(slot.Newest!.Encoded.ToArray(), store.Content);
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

        /// <summary>Whether it keeps what it is given.</summary>
        public bool Keeps { get; init; }

        public int Taken { get; private set; }

        public int Released { get; private set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) => new(Content);

        public ValueTask SaveAsync(
            string certificate,
            Ocsp.Verification.VerifiedStaple staple,
            CancellationToken cancellationToken
        )
        {
            if (Keeps)
                Content = staple.Encoded.ToArray();
            return ValueTask.CompletedTask;
        }

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
