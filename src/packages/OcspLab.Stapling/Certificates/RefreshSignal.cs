namespace OcspLab.Stapling.Certificates;

/// <summary>
/// Wakes the refreshing of one certificate, and lets those who asked wait until it is done. Thread-safe.
/// </summary>
internal sealed class RefreshSignal
{
    private readonly Lock _gate = new();
    private List<TaskCompletionSource> _requests = [];
    private TaskCompletionSource _raised = NewSource();
    private bool _ended;

    /// <summary>
    /// Asks for a refresh; completes when it is done, also when it failed, and at once when there will be no more.
    /// </summary>
    public Task RequestAsync()
    {
        lock (_gate)
        {
            if (_ended)
                return Task.CompletedTask;
            var request = NewSource();
            _requests.Add(request);
            _raised.TrySetResult();
            return request.Task;
        }
    }

    /// <summary>Takes the requests so far, to be completed by who serves them.</summary>
    public IReadOnlyList<TaskCompletionSource> Take()
    {
        lock (_gate)
        {
            if (_requests.Count == 0)
                return [];
            var taken = _requests;
            _requests = [];
            _raised = NewSource();
            return taken;
        }
    }

    /// <summary>Waits for a request, but not longer than <paramref name="time"/>.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<bool> WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        Task raised;
        lock (_gate)
            raised = _raised.Task;
        await raised.WaitAsync(time, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return raised.IsCompleted;
    }

    /// <summary>There will be no more refreshes: nobody waits for one any more.</summary>
    public void End()
    {
        lock (_gate)
            _ended = true;
        foreach (var request in Take())
            request.TrySetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
