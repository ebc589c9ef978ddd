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
        await Poll.UntilAsync(() => slot.Saved is not null, "that is known");
        Assert.Equal(1, Client.Calls);
        Assert.Contains(Log.GetSnapshot(), record => record.Id.Name == "StoreRecovered");
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

        public int Calls => Volatile.Read(ref _calls);

        public VerifiedStaple? Saved { get; private set; }

        public ValueTask<byte[]?> LoadAsync(string certificate, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return Fails ? throw new IOException("the drive is gone") : new((byte[]?)null);
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
