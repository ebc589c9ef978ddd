using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Certificates;
using OcspLab.Stapling.Refreshing;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;
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
        Assert.Equal(
            staple.Encoded.ToArray(),
            await File.ReadAllBytesAsync(FileOf(slot), TestContext.Current.CancellationToken)
        );
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileOf(slot)));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                new DirectoryInfo(_folder["staples"]).UnixFileMode
            );
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
        Client.Fail();
        await using var again = Start(Store!);
        await again.Engine.WaitForFirstStaplesAsync(TestContext.Current.CancellationToken);
        Assert.Null(again.Slot.Current);
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
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return slot.Status.LastOutcome == RefreshOutcome.Good;
            },
            "the refresh is over"
        );
        Assert.Single(Log.GetSnapshot(), record => record.Id.Name == "StoreFailed");
    }

    [Fact, Trait("Rule", "S26")]
    public async Task What_is_stored_never_goes_back()
    {
        UseDirectory();
        var logger = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
        var archive = new StapleArchive(
            new StoreAttempts(Store, StoreThreads, Clock, logger),
            new FleetNews(null, Clock, logger),
            Clock,
            logger
        );
        var slot = Add();
        var newer = Staples.Verified(
            CertStatus.Revoked(TestAuthority.Now.AddMinutes(-30)),
            thisUpdate: TestAuthority.Now.AddMinutes(-10)
        );
        var older = Staples.Verified(thisUpdate: TestAuthority.Now.AddHours(-3));
        foreach (var staple in (VerifiedStaple[])[newer, older])
        {
            slot.Believe(staple, staple);
            await archive.SaveAsync(slot, new VerificationPolicy(), TestContext.Current.CancellationToken);
        }

        var stored = await archive.LoadAsync(slot, new VerificationPolicy(), TestContext.Current.CancellationToken);
        Assert.Equal(newer.ThisUpdate, stored?.ThisUpdate);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task A_fleet_asks_once_and_shares_the_response()
    {
        var cache = new CountingCache(Clock);
        var answer = new TaskCompletionSource<OcspFetch>();
        Client.Script((_, cancellationToken) => answer.Task.WaitAsync(cancellationToken));
        await using var first = Start(new DistributedStapleStore(cache, Clock));
        await AdvanceUntilAsync(() => Client.Calls == 1);

        // The others come while the first one waits for its answer, and see that it has the lease.
        var before = cache.Reads("lease");
        var others = Enumerable.Range(0, 4).Select(_ => Start(new DistributedStapleStore(cache, Clock))).ToArray();
        await UntilAsync(() => cache.Reads("lease") >= before + others.Length);
        answer.SetResult(ScriptedClient.Answered(Client.LastUrls, Staples.Verified()));
        await UntilAsync(() => cache.Removals == 1);
        await AdvanceUntilAsync(() => others.All(other => other.Slot.Current is not null));

        Assert.NotNull(first.Slot.Current);
        Assert.Equal(1, Client.Calls);
        foreach (var other in others)
            await other.DisposeAsync();
    }

    [Fact, Trait("Rule", "S26")]
    public async Task Of_those_who_want_a_lease_at_once_one_has_it()
    {
        var cache = new CountingCache(Clock);
        var leases = Enumerable
            .Range(0, 20)
            .Select(_ =>
                new DistributedStapleStore(cache, Clock)
                    .TryAcquireLeaseAsync("one", TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
                    .AsTask()
            )
            .ToArray();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(await Task.WhenAll(leases), taken => taken);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task A_response_saved_just_before_the_lease_is_taken_is_not_asked_for_again()
    {
        Client.Answer(Staples.Verified());
        var store = new SavedMeanwhile(Staples.Verified());
        Store = store;
        var slot = await AddAndWaitAsync();
        Assert.True(store.LeaseTaken);
        Assert.NotNull(slot.Current);
        Assert.Equal(0, Client.Calls);
    }

    [Fact, Trait("Rule", "S26")]
    public async Task An_instance_that_dies_with_its_lease_does_not_stop_the_others()
    {
        var cache = new CountingCache(Clock);
        Client.Answer(Staples.Verified());
        var lease = new DistributedStapleStore(cache, Clock)
            .TryAcquireLeaseAsync(
                StapleSlot.KeyOf(Staples.Server),
                TimeSpan.FromSeconds(30),
                TestContext.Current.CancellationToken
            )
            .AsTask();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await lease);
        await using var member = Start(new DistributedStapleStore(cache, Clock));
        await AdvanceUntilAsync(() => member.Slot.Current is not null);
        Assert.Equal(1, Client.Calls);
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

    private async Task SaveAsync(VerifiedStaple staple) =>
        await Store!.SaveAsync(StapleSlot.KeyOf(Staples.Server), staple, TestContext.Current.CancellationToken);

    private Member Start(IStapleStore store)
    {
        Store = store;
        var engine = CreateEngine();
        return new Member(engine, engine.Add(Staples.Server, [Staples.Authority.Certificate]));
    }

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        for (var step = 0; step < 60 && !condition(); step++)
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True(condition());
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var step = 0; step < 6000 && !condition(); step++)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        Assert.True(condition());
    }

    private static byte[] Tampered(byte[] bytes)
    {
        bytes[^1] ^= 1;
        return bytes;
    }

    /// <summary>Another instance saves its answer and gives the lease back while this one asks for it.</summary>
    private sealed class SavedMeanwhile(VerifiedStaple staple) : IStapleStore
    {
        public bool LeaseTaken { get; private set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
            new(LeaseTaken ? staple.Encoded.ToArray() : null);

        public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public ValueTask<bool> TryAcquireLeaseAsync(
            string certificate,
            TimeSpan duration,
            CancellationToken cancellationToken
        ) => new(LeaseTaken = true);
    }

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

        public async ValueTask SaveAsync(
            string certificate,
            VerifiedStaple staple,
            CancellationToken cancellationToken
        ) => await LoadAsync(certificate, cancellationToken);
    }

    /// <summary>One of several instances.</summary>
    private sealed class Member(StaplingEngine engine, StapleSlot slot) : IAsyncDisposable
    {
        public StaplingEngine Engine => engine;

        public StapleSlot Slot => slot;

        public async ValueTask DisposeAsync()
        {
            await engine.StopAsync(CancellationToken.None);
            engine.Dispose();
        }
    }
}
