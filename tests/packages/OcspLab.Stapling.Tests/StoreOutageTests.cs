using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>
/// A fleet whose store fails for a moment: were nobody to wait, every instance would ask for itself.
/// </summary>
public sealed class StoreOutageTests : EngineBench
{
    private readonly FlappingStore _store = new();

    [Fact, Trait("Rule", "S26")]
    public async Task With_a_good_staple_in_hand_a_look_waits_for_the_store()
    {
        var slot = await AddStapledAsync(CertStatus.Good);
        _store.Fails = true;
        await PassUntilDueAsync(slot);
        await PassAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(10));
        Assert.Equal(1, Client.Calls);
        Assert.True(slot.Status.NextRefresh > Clock.GetUtcNow());
        // Another instance has asked meanwhile.
        var newer = Staples.Verified(thisUpdate: TestAuthority.Now.AddMinutes(5));
        _store.Content = newer.Encoded.ToArray();
        _store.Fails = false;
        await PassAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10));
        Assert.Equal(1, Client.Calls);
        Assert.Equal(newer.ThisUpdate, slot.Current?.ThisUpdate);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task It_waits_for_ten_minutes_at_most()
    {
        var slot = await AddStapledAsync(CertStatus.Good);
        _store.Fails = true;
        await PassUntilDueAsync(slot);
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now.AddMinutes(5)));
        await PassAsync(TimeSpan.FromMinutes(11), TimeSpan.FromSeconds(10));
        Assert.Equal(2, Client.Calls);
        Assert.Equal(TestAuthority.Now.AddMinutes(5), slot.Current?.ThisUpdate);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task A_lease_that_nobody_has_spoken_of_is_none_also_where_the_store_is_back_by_then()
    {
        var slot = await AddStapledAsync(CertStatus.Good);
        _store.RefusesLeases = true;
        // Whatever comes next is late enough to find out that the store works.
        var failures = 0;
        Logged = line =>
        {
            if (!line.Contains("refused", StringComparison.Ordinal))
                return;
            failures++;
            Clock.Advance(TimeSpan.FromSeconds(2));
        };
        var loads = _store.Loads;
        await PassUntilDueAsync(slot);
        await PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        // One load before the lease, and one after it.
        Assert.Equal((1, 2), (failures, _store.Loads - loads));
        Assert.Equal(1, Client.Calls);
        _store.RefusesLeases = false;
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now.AddMinutes(5)));
        await PassAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));
        Assert.Equal(2, Client.Calls);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task Where_leases_are_never_spoken_of_it_waits_for_ten_minutes_at_most()
    {
        var slot = await AddStapledAsync(CertStatus.Good);
        _store.RefusesLeases = true;
        await PassUntilDueAsync(slot);
        Client.Answer(Staples.Verified(thisUpdate: TestAuthority.Now.AddMinutes(5)));
        await PassAsync(TimeSpan.FromMinutes(9), TimeSpan.FromSeconds(10));
        Assert.Equal(1, Client.Calls);
        await PassAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));
        Assert.Equal(2, Client.Calls);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task Without_a_good_staple_nobody_waits()
    {
        var slot = await AddStapledAsync(CertStatus.Revoked(TestAuthority.Now.AddHours(-2)));
        _store.Fails = true;
        await PassUntilDueAsync(slot);
        await PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        Assert.Equal(2, Client.Calls);
    }

    [Fact, Trait("Rule", "S33")]
    public async Task Who_wants_the_source_asked_does_not_wait_either()
    {
        var slot = await AddStapledAsync(CertStatus.Good);
        _store.Fails = true;
        await PassUntilDueAsync(slot);
        await Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(2, Client.Calls);
    }

    private async Task<StapleSlot> AddStapledAsync(CertStatus status)
    {
        Store = _store;
        Client.Answer(Staples.Verified(status));
        return await AddAndWaitAsync();
    }

    private async Task PassUntilDueAsync(StapleSlot slot)
    {
        var due = slot.Status.NextRefresh!.Value;
        while (Clock.GetUtcNow() < due.AddSeconds(-1))
            await AdvanceAsync(Min(due - Clock.GetUtcNow(), TimeSpan.FromMinutes(30)));

        static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
    }

    private sealed class FlappingStore : IStapleStore
    {
        public bool Fails { get; set; }

        public bool RefusesLeases { get; set; }

        public byte[]? Content { get; set; }

        public int Loads { get; private set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken)
        {
            if (Fails)
                throw new IOException("refused");
            Loads++;
            return new(Content);
        }

        public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken)
        {
            if (Fails)
                throw new IOException("refused");
            Content = staple.Encoded.ToArray();
            return ValueTask.CompletedTask;
        }

        public ValueTask<bool> TryAcquireLeaseAsync(
            string certificate,
            TimeSpan duration,
            CancellationToken cancellationToken
        ) => Fails || RefusesLeases ? throw new IOException("refused") : new(true);
    }
}
