using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using OcspLab.Ocsp;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>Staples that outlive a process, and staples that a fleet shares.</summary>
public sealed class StapleStorageTests : EngineBench
{
    private readonly TempFolder _folder = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    private string FileOf(StapleSlot slot) => _folder[$"staples/{slot.Key}.der"];

    [Fact, Trait("Rule", "S25")]
    public async Task A_staple_is_kept_as_it_was_verified_for_its_owner_only()
    {
        UseDirectory();
        var staple = Staples.Verified();
        Client.Answer(staple);
        var slot = await AddAndWaitAsync();
        await Poll.UntilAsync(() => File.Exists(FileOf(slot)), "the file");
        Assert.Equal(staple.Encoded.ToArray(), await File.ReadAllBytesAsync(FileOf(slot), TestContext.Current.CancellationToken));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileOf(slot)));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(_folder["staples"]).UnixFileMode);
        }

        Assert.Single(Directory.GetFileSystemEntries(_folder["staples"]));
    }

    [Fact, Trait("Rule", "S25")]
    public async Task A_stored_staple_serves_at_once_while_the_responder_hangs()
    {
        UseDirectory();
        await SaveAsync(Staples.Verified());
        Client.Hang();
        var slot = await AddAndWaitAsync();
        Assert.Equal(CertStatusKind.Good, slot.Current?.Status.Kind);
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "StapleLoaded");
    }

    [Fact, Trait("Rule", "S25")]
    public async Task After_loading_the_responder_is_asked_within_the_shortest_interval()
    {
        UseDirectory();
        await SaveAsync(Staples.Verified());
        var fresh = Staples.Verified(thisUpdate: TestAuthority.Now);
        Client.Answer(fresh);
        var slot = await AddAndWaitAsync();
        for (var step = 0; step < 30 && !ReferenceEquals(slot.Current, fresh); step++)
            await AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Same(fresh, slot.Current);
        Assert.True(Clock.GetUtcNow() <= TestAuthority.Now + Options.MinimumRefreshInterval);
    }

    [Theory, Trait("Rule", "S25"), Trait("Rule", "V25")]
    [InlineData(Stored.Garbage)]
    [InlineData(Stored.OfAnotherCertificate)]
    [InlineData(Stored.Tampered)]
    public async Task What_is_stored_and_does_not_verify_is_passed_over_with_one_line(Stored stored)
    {
        UseDirectory();
        var slot = Add();
        await Engine.StopAsync(TestContext.Current.CancellationToken);
        var bytes = stored switch
        {
            Stored.Garbage => "<html>"u8.ToArray(),
            Stored.OfAnotherCertificate => Staples.Authority.Respond(Staples.Authority.Server()),
            _ => Tampered(Staples.Verified().Encoded.ToArray()),
        };
        Directory.CreateDirectory(_folder["staples"]);
        await File.WriteAllBytesAsync(FileOf(slot), bytes, TestContext.Current.CancellationToken);

        Log.Clear();
        await using var engine = new Disposing(CreateEngine());
        Client.Fail();
        var again = engine.Engine.Add(Staples.Server, [Staples.Authority.Certificate]);
        await engine.Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Null(again.Current);
        // Once when it was loaded at start; a refresh looks again, for what another instance may have left there.
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "StoredStapleRejected");
    }

    [Theory, Trait("Rule", "S25")]
    [InlineData(Failing.Throws)]
    [InlineData(Failing.Hangs)]
    [InlineData(Failing.Blocks)]
    public async Task A_store_that_fails_or_hangs_costs_no_staple_and_one_line(Failing how)
    {
        Store = new BrokenStore(how);
        Client.Answer(Staples.Verified());
        var slot = Add();
        for (var step = 0; step < 60 && slot.Current is null; step++)
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.NotNull(slot.Current);
        await Poll.UntilAsync(async () =>
        {
            await AdvanceAsync(TimeSpan.FromSeconds(1));
            return slot.Status.LastOutcome == "good";
        }, "the refresh is over");
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "StoreFailed");
    }

    [Fact, Trait("Rule", "S26")]
    public async Task What_is_stored_never_goes_back()
    {
        UseDirectory();
        var archive = new StapleArchive(Store, Clock, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var slot = Add();
        var newer = Staples.Verified(CertStatus.Revoked(TestAuthority.Now.AddMinutes(-30)), thisUpdate: TestAuthority.Now.AddMinutes(-10));
        await archive.SaveAsync(slot, newer, new VerificationPolicy(), TestContext.Current.CancellationToken);
        await archive.SaveAsync(slot, Staples.Verified(thisUpdate: TestAuthority.Now.AddHours(-3)), new VerificationPolicy(), TestContext.Current.CancellationToken);
        var stored = await archive.LoadAsync(slot, new VerificationPolicy(), TestContext.Current.CancellationToken);
        Assert.Equal(newer.ThisUpdate, stored?.ThisUpdate);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task A_fleet_asks_once_and_shares_the_answer()
    {
        Store = SharedStore();
        Client.Answer(Staples.Verified());
        var fleet = Enumerable.Range(0, 5).Select(_ => new Disposing(CreateEngine())).ToArray();
        var slots = fleet.Select(member => member.Engine.Add(Staples.Server, [Staples.Authority.Certificate])).ToArray();
        for (var step = 0; step < 120 && slots.Any(slot => slot.Current is null); step++)
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.All(slots, slot => Assert.NotNull(slot.Current));
        Assert.Equal(1, Client.Calls);
        foreach (var member in fleet)
            await member.DisposeAsync();
    }

    [Fact, Trait("Rule", "S26")]
    public async Task An_instance_that_dies_with_its_turn_does_not_stop_the_others()
    {
        var store = SharedStore();
        Store = store;
        Client.Answer(Staples.Verified());
        var turn = SharedStore(store.Cache).TryTakeTurnAsync(StapleSlot.KeyOf(Staples.Server), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken).AsTask();
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True(await turn);
        var slot = Add();
        for (var step = 0; step < 120 && slot.Current is null; step++)
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.NotNull(slot.Current);
    }

    public enum Failing
    {
        Throws,
        Hangs,
        Blocks,
    }

    public enum Stored
    {
        Garbage,
        OfAnotherCertificate,
        Tampered,
    }

    private void UseDirectory() => Store = new DirectoryStapleStore(_folder["staples"]);

    private async Task SaveAsync(VerifiedStaple staple) => await Store!.SaveAsync(StapleSlot.KeyOf(Staples.Server), staple, TestContext.Current.CancellationToken);

    private TestStore SharedStore(IDistributedCache? cache = null) => new(cache ?? new MemoryDistributedCache(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions { Clock = new CacheClock(Clock) })), Clock);

    private static byte[] Tampered(byte[] bytes)
    {
        bytes[^1] ^= 1;
        return bytes;
    }

    /// <summary>One store an instance over one cache, told apart by who asks.</summary>
    private sealed class TestStore(IDistributedCache cache, TimeProvider clock) : IStapleStore
    {
        private readonly DistributedStapleStore _store = new(cache, clock);

        public IDistributedCache Cache => cache;

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) => _store.LoadAsync(certificate, cancellationToken);

        public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) => _store.SaveAsync(certificate, staple, cancellationToken);

        // Each call for an identity of its own: five instances share this object.
        public ValueTask<bool> TryTakeTurnAsync(string certificate, TimeSpan duration, CancellationToken cancellationToken) =>
            new DistributedStapleStore(cache, clock).TryTakeTurnAsync(certificate, duration, cancellationToken);
    }

#pragma warning disable CS0618, EXTEXP0018 // The memory cache's clock predates TimeProvider.
    private sealed class CacheClock(TimeProvider clock) : Microsoft.Extensions.Internal.ISystemClock
    {
        public DateTimeOffset UtcNow => clock.GetUtcNow();
    }
#pragma warning restore

    private sealed class BrokenStore(Failing how) : IStapleStore
    {
        public async ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken)
        {
            if (how == Failing.Hangs)
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
            if (how == Failing.Blocks)
                Thread.Sleep(TimeSpan.FromSeconds(10));
            throw new InvalidOperationException("the disk is gone");
        }

        public async ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) => await LoadAsync(certificate, cancellationToken);
    }

    private sealed class Disposing(StaplingEngine engine) : IAsyncDisposable
    {
        public StaplingEngine Engine => engine;

        public async ValueTask DisposeAsync()
        {
            await engine.StopAsync(CancellationToken.None);
            engine.Dispose();
        }
    }
}
