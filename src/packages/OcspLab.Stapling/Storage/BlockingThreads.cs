namespace OcspLab.Stapling.Storage;

/// <summary>
/// A few threads for what may block for long, such as a file on a network drive that is gone: the application's thread
/// pool is not to starve of it. They begin when there is work, and end when there has been none for a while.
/// Thread-safe.
/// </summary>
/// <param name="name">What debuggers call them.</param>
internal sealed class BlockingThreads(string name)
{
    private readonly LinkedList<Action> _work = new();
    private int _threads;
    private int _idle;

    /// <summary>How much waits for a thread.</summary>
    public int Waiting
    {
        get
        {
            lock (_work)
                return _work.Count;
        }
    }

    /// <summary>Begins an attempt on one of the threads; what it awaits goes on elsewhere.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="cancellationToken">
    /// Ends the wait: one that has not begun never will, one that has is left behind.
    /// </param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> attempt, CancellationToken cancellationToken)
    {
        var begun = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var entry = new LinkedListNode<Action>(() => begun.TrySetResult(BeginAsync(attempt, cancellationToken)));
        Enqueue(entry);
        try
        {
            var running = await begun.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return await running.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // What nobody wants any more: there may be a lot of it while all threads are stuck.
            Dequeue(entry);
        }
    }

    // What an attempt throws before it awaits anything is its failure as well.
    private static async Task<T> BeginAsync<T>(
        Func<CancellationToken, ValueTask<T>> attempt,
        CancellationToken cancellationToken
    ) => await attempt(cancellationToken).ConfigureAwait(false);

    private void Enqueue(LinkedListNode<Action> entry)
    {
        lock (_work)
        {
            _work.AddLast(entry);
            if (_idle >= _work.Count || _threads == MaximumThreads)
            {
                Monitor.Pulse(_work);
                return;
            }

            _threads++;
        }

        // Unsafe: the caller's context, a handshake's activity for example, is not this thread's.
        new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
    }

    private void Dequeue(LinkedListNode<Action> entry)
    {
        lock (_work)
        {
            if (entry.List is not null)
                _work.Remove(entry);
        }
    }

    private void Run()
    {
        while (Take() is { } work)
            work();
    }

    private Action? Take()
    {
        lock (_work)
        {
            while (_work.First is null)
            {
                _idle++;
                var isWoken = Monitor.Wait(_work, IdleTimeout);
                _idle--;
                if (isWoken || _work.Count > 0)
                    continue;
                _threads--;
                return null;
            }

            var first = _work.First;
            _work.RemoveFirst();
            return first.Value;
        }
    }

    private const int MaximumThreads = 8;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(10);
}

/// <summary>Those of the store: files that hang are not to cost it a thread.</summary>
internal sealed record StoreThreads(BlockingThreads Threads);

/// <summary>Those of the files that the settings name: a store that hangs is not to cost them a thread.</summary>
internal sealed record FileThreads(BlockingThreads Threads);
