using OcspLab.Ocsp.Verification;
using OcspLab.Stapling.Storage;
using OcspLab.Testing;

namespace OcspLab.Stapling.Tests;

/// <summary>
/// A store that does not come back: a network drive that is gone, a cache that swallows what it is sent.
/// </summary>
public sealed class HungStoreTests : EngineBench
{
    [Fact, Trait("Rule", "S43")]
    public async Task It_holds_no_thread_of_the_application()
    {
        using var store = new BlockingStore();
        Store = store;
        var authority = new TestAuthority();
        Client.AnswerFor(authority, TimeSpan.Zero, Clock);
        for (var number = 0; number < 40; number++)
            Engine.Add(authority.Server(new Uri("http://ocsp.example.test")), [authority.Certificate]);
        await Poll.UntilAsync(() => store.Blocked > 0, "the store blocks");
        // What the application gives the pool to do is done, although forty certificates wait for the store.
        var work = Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => store.Blocked)));
        await Task.WhenAny(work, store.Released);
        Assert.True(work.IsCompletedSuccessfully, "The pool is busy with the store.");
        Assert.InRange(store.Blocked, 1, 8);
        store.Dispose();
    }

    [Fact, Trait("Rule", "S43")]
    public async Task It_is_left_alone_for_a_while_and_then_tried_again_and_given_what_it_missed()
    {
        var store = new FailingStore { Fails = true };
        Store = store;
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        await Poll.UntilAsync(
            () => Log.GetSnapshot().Any(record => record.Id.Name == "StoreFailed"),
            "the staple could not be saved"
        );
        var calls = store.Calls;
        Assert.Null(slot.Saved);
        await AdvanceAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(calls, store.Calls);
        store.Fails = false;
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(10));
                return store.Saved is not null;
            },
            "it is saved after all"
        );
        await Poll.UntilAsync(
            () => Log.GetSnapshot().Any(record => record.Id.Name == "StoreRecovered"),
            "that it works again is said"
        );
        Assert.NotNull(slot.Saved);
        Assert.Equal(1, Client.Calls);
    }

    [Fact, Trait("Rule", "S43"), Trait("Rule", "S37")]
    public async Task Files_that_the_settings_name_are_read_all_the_same()
    {
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(
            folder["good.der"],
            Staples.Verified().Encoded.ToArray(),
            TestContext.Current.CancellationToken
        );
        using var store = new BlockingStore();
        Store = store;
        var authority = new TestAuthority();
        Client.AnswerFor(authority, TimeSpan.Zero, Clock);
        for (var number = 0; number < 20; number++)
            Engine.Add(authority.Server(new Uri("http://ocsp.example.test")), [authority.Certificate]);
        await Poll.UntilAsync(() => store.Blocked >= 8, "every thread of the store blocks");
        Options.Certificates["server"] = new CertificateStaplingOptions { File = folder["good.der"] };
        var slot = Engine.Add(Staples.Server, [Staples.Authority.Certificate]);
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return slot.Current is not null;
            },
            "the file is read"
        );
    }

    [Fact, Trait("Ring", "slow"), Trait("Rule", "S43"), Trait("Rule", "S37")]
    public async Task A_file_that_hangs_costs_one_thread_however_often_it_is_tried()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no named pipes in directories");
        using var folder = new TempFolder();
        using (var made = System.Diagnostics.Process.Start("mkfifo", folder["pipe"]))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(
            folder["good.der"],
            Staples.Verified().Encoded.ToArray(),
            TestContext.Current.CancellationToken
        );
        Options.Certificates["server"] = new CertificateStaplingOptions { File = folder["pipe"] };
        var slot = Engine.Add(Staples.Server, [Staples.Authority.Certificate]);
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(20));
                return slot.Status.Failures > 9;
            },
            "it was tried more often than there are threads"
        );
        Options.Certificates["server"] = new CertificateStaplingOptions { File = folder["good.der"] };
        Monitor.Changed();
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return slot.Current is not null;
            },
            "another file is read"
        );
    }

    [Fact, Trait("Rule", "S43")]
    public async Task What_waits_for_it_does_not_pile_up()
    {
        using var store = new BlockingStore();
        Store = store;
        var authority = new TestAuthority();
        Client.AnswerFor(authority, TimeSpan.Zero, Clock);
        for (var number = 0; number < 100; number++)
            Engine.Add(authority.Server(new Uri("http://ocsp.example.test")), [authority.Certificate]);
        await Poll.UntilAsync(() => store.Blocked >= 8, "every thread of the store blocks");
        await PassAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(6));
        Assert.InRange(StoreThreads.Waiting, 0, 1);
    }

    [Fact, Trait("Rule", "S25")]
    public async Task What_cannot_be_read_is_overwritten_and_says_nothing_about_the_rest()
    {
        var store = new FailingStore { FailsToRead = true };
        Store = store;
        Client.Answer(Staples.Verified());
        var slot = await AddAndWaitAsync();
        await Poll.UntilAsync(() => slot.Saved is not null, "it is saved");
        Assert.DoesNotContain(Log.GetSnapshot(), record => record.Id.Name == "StoreFailed");
    }

    [Fact, Trait("Rule", "S26"), Trait("Rule", "S38")]
    public async Task A_write_that_ends_late_is_not_the_last_word()
    {
        var store = new SlowStore();
        Store = store;
        Client.Answer(Staples.Verified());
        var slot = Add();
        await Poll.UntilAsync(() => store.IsWriting, "the good one is being written");
        Client.Answer(
            Staples.Verified(
                Ocsp.Responses.CertStatus.Revoked(TestAuthority.Now.AddMinutes(-30)),
                thisUpdate: TestAuthority.Now
            )
        );
        // The write is given up, and goes on all the same.
        await PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        var refresh = Engine.RefreshAsync(cancellationToken: TestContext.Current.CancellationToken);
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(1));
                return refresh.IsCompleted;
            },
            "the revocation is learnt"
        );
        store.Release();
        await Poll.UntilAsync(
            async () =>
            {
                await AdvanceAsync(TimeSpan.FromSeconds(20));
                return store.Saved?.Status.Kind == Ocsp.Responses.CertStatusKind.Revoked;
            },
            "the revocation is what is kept"
        );
        Assert.Equal(Ocsp.Responses.CertStatusKind.Revoked, slot.Current?.Status.Kind);
    }

    private sealed class SlowStore : IStapleStore
    {
        private readonly TaskCompletionSource _gate = new();
        private int _writes;

        public bool IsShared => false;

        public bool IsWriting => Volatile.Read(ref _writes) > 0;

        public VerifiedStaple? Saved { get; private set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken) =>
            new(Saved?.Encoded.ToArray());

        public async ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _writes) == 1)
                await _gate.Task;
            Saved = staple;
        }

        public void Release() => _gate.SetResult();
    }

    private sealed class BlockingStore : IStapleStore, IDisposable
    {
        private readonly ManualResetEventSlim _gate = new();
        private readonly TaskCompletionSource _released = new();
        private int _blocked;

        public int Blocked => Volatile.Read(ref _blocked);

        public Task Released => _released.Task;

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _blocked);
            // A real file on a dead drive heeds no token either; the test lets go, or a minute does.
            _gate.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
            _released.TrySetResult();
            return new((byte[]?)null);
        }

        public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken) =>
            ValueTask.CompletedTask;

        public void Dispose() => _gate.Set();
    }

    private sealed class FailingStore : IStapleStore
    {
        private int _calls;

        public bool Fails { get; set; }

        public bool FailsToRead { get; init; }

        public int Calls => Volatile.Read(ref _calls);

        public VerifiedStaple? Saved { get; private set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return Fails || FailsToRead ? throw new IOException("the drive is gone") : new((byte[]?)null);
        }

        public ValueTask SaveAsync(string certificate, VerifiedStaple staple, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            if (Fails)
                throw new IOException("the drive is gone");
            Saved = staple;
            return ValueTask.CompletedTask;
        }
    }
}
