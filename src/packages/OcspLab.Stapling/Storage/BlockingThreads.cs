namespace OcspLab.Stapling.Storage;

/// <summary>
/// A few threads for what may block for long, such as a file on a network drive that is gone: the application's thread
/// pool is not to starve of it. They begin when there is work, and end when there has been none for a while.
/// Thread-safe.
/// </summary>
internal sealed class BlockingThreads
{
    private readonly Queue<Action> _work = new();
    private int _threads;
    private int _idle;

    /// <summary>Begins an attempt on one of the threads; what it awaits goes on elsewhere.</summary>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled; the attempt is left behind.
    /// </exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> attempt, CancellationToken cancellationToken)
    {
        var begun = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(() =>
        {
            // Who has given up waiting wants nothing done any more.
            if (!cancellationToken.IsCancellationRequested)
                begun.TrySetResult(BeginAsync(attempt, cancellationToken));
        });
        var running = await begun.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await running.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // What an attempt throws before it awaits anything is its failure as well.
    private static async Task<T> BeginAsync<T>(
        Func<CancellationToken, ValueTask<T>> attempt,
        CancellationToken cancellationToken
    ) => await attempt(cancellationToken).ConfigureAwait(false);

    private void Enqueue(Action work)
    {
        lock (_work)
        {
            _work.Enqueue(work);
            if (_idle >= _work.Count || _threads == MostThreads)
            {
                Monitor.Pulse(_work);
                return;
            }

            _threads++;
        }

        // Unsafe: the caller's context, a handshake's activity for example, is not this thread's.
        new Thread(Run) { IsBackground = true, Name = "OCSP staple store" }.UnsafeStart();
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
            while (_work.Count == 0)
            {
                _idle++;
                var isWoken = Monitor.Wait(_work, IdleTime);
                _idle--;
                if (isWoken || _work.Count > 0)
                    continue;
                _threads--;
                return null;
            }

            return _work.Dequeue();
        }
    }

    private const int MostThreads = 8;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);
}
