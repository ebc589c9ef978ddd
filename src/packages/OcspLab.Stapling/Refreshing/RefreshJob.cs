using OcspLab.Stapling.Certificates;

namespace OcspLab.Stapling.Refreshing;

/// <summary>One certificate's place in the schedule. What changes is guarded by the scheduler.</summary>
internal sealed class RefreshJob(StapleSlot slot)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The certificate.</summary>
    public StapleSlot Slot => slot;

    /// <summary>
    /// Completes after the first turn: a stored staple is at hand, or the source was asked and the response saved.
    /// </summary>
    public Task First => _first.Task;

    /// <summary>Whether the store was looked into already.</summary>
    public bool IsLoaded { get; set; }

    /// <summary>Whether a turn is under way.</summary>
    public bool IsRunning { get; set; }

    /// <summary>Whether it waits for its time.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>
    /// When its time comes by the monotonic clock; together with <see cref="Number"/> its place in the queue.
    /// </summary>
    public long Due { get; set; }

    /// <summary>When its time comes by the wall clock.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>Tells it from all others.</summary>
    public long Number { get; init; }

    /// <summary>Who waits for a turn that has not begun.</summary>
    public List<TaskCompletionSource> Callers { get; set; } = [];

    /// <summary>What is wanted of it; null where nobody wants one.</summary>
    public RefreshReason? Wanted { get; set; }

    /// <summary>Somebody wants a turn.</summary>
    public void Want(RefreshReason reason) => Wanted = Wanted > reason ? Wanted : reason;

    public void CompleteFirst() => _first.TrySetResult();
}
