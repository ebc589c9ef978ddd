using System.Diagnostics.CodeAnalysis;
using OcspLab.Stapling.Certificates;

namespace OcspLab.Stapling.Refreshing;

/// <summary>
/// Gives every certificate its turns: when its time has come, or when somebody asks. Turns of one certificate never
/// overlap, and a stuck one holds up no other. One queue and one timer, however many certificates there are.
/// Thread-safe.
/// </summary>
/// <param name="turn">
/// One turn; it returns when the next is due, or null for none. Where it throws, the next comes in five minutes.
/// </param>
/// <param name="clock">The time.</param>
internal sealed class RefreshScheduler(
    Func<RefreshJob, RefreshReason, CancellationToken, Task<DateTimeOffset?>> turn,
    TimeProvider clock
) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, RefreshJob> _jobs = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedSet<RefreshJob> _waiting = new(ByDue);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private long _added;
    private int _running;
    private bool _isStopped;

    /// <summary>How many turns are under way.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
                return _running;
        }
    }

    /// <summary>All certificates that have turns.</summary>
    public IReadOnlyList<RefreshJob> Jobs
    {
        get
        {
            lock (_gate)
                return [.. _jobs.Values];
        }
    }

    /// <summary>Cancelled when there will be no more turns.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>The job of a certificate, or null.</summary>
    public RefreshJob? Find(string key)
    {
        lock (_gate)
            return _jobs.GetValueOrDefault(key);
    }

    /// <summary>Adds a certificate; its first turn begins now.</summary>
    public void Add(StapleSlot slot)
    {
        lock (_gate)
        {
            var job = new RefreshJob(slot) { Number = ++_added };
            _jobs[slot.Key] = job;
            if (_isStopped)
                job.CompleteFirst();
            else
                StartDue(job);
        }
    }

    /// <summary>Forgets a certificate. A turn that is under way ends as it would have.</summary>
    public void Remove(StapleSlot slot)
    {
        lock (_gate)
        {
            if (_jobs.GetValueOrDefault(slot.Key) is not { } job || job.Slot != slot)
                return;
            _jobs.Remove(slot.Key);
            Unqueue(job);
        }
    }

    /// <summary>Takes a certificate's time away, until somebody asks for a turn.</summary>
    /// <returns>False while a turn is under way.</returns>
    public bool TryPause(StapleSlot slot)
    {
        lock (_gate)
        {
            if (_jobs.GetValueOrDefault(slot.Key) is { } job)
            {
                if (job.IsRunning)
                    return false;
                Unqueue(job);
            }

            return true;
        }
    }

    /// <summary>Asks for a turn, or for one more after that under way; however often, it is one.</summary>
    /// <param name="slot">The certificate.</param>
    /// <param name="reason">What is wanted of it.</param>
    public void Wake(StapleSlot slot, RefreshReason reason)
    {
        lock (_gate)
        {
            if (_isStopped || _jobs.GetValueOrDefault(slot.Key) is not { } job)
                return;
            job.Want(reason);
            if (!job.IsRunning)
                Start(job);
        }
    }

    /// <summary>
    /// Asks for a turn; completes when it is over, also when it failed, and at once when there will be no more.
    /// </summary>
    /// <param name="slot">The certificate.</param>
    /// <param name="reason">What is wanted of it.</param>
    public Task RequestAsync(StapleSlot slot, RefreshReason reason)
    {
        lock (_gate)
        {
            if (_isStopped || _jobs.GetValueOrDefault(slot.Key) is not { } job)
                return Task.CompletedTask;
            var caller = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            job.Callers.Add(caller);
            job.Want(reason);
            if (!job.IsRunning)
                Start(job);
            return caller.Task;
        }
    }

    /// <summary>
    /// Starts those whose time has come by the wall clock alone: timers stand still while a machine sleeps.
    /// </summary>
    public void FollowClock()
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            foreach (var job in _waiting.Where(job => job.DueAt <= now).ToArray())
                StartDue(job);
        }
    }

    /// <summary>Ends all turns, and waits for those that are under way.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        End();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _idle.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        End();
        _stopping.Cancel();
        _stopping.Dispose();
        _timer?.Dispose();
    }

    private void End()
    {
        List<TaskCompletionSource> callers = [];
        lock (_gate)
        {
            _isStopped = true;
            foreach (var job in _jobs.Values)
            {
                callers.AddRange(job.Callers);
                job.Callers = [];
                job.CompleteFirst();
            }

            _waiting.Clear();
            if (_running == 0)
                _idle.TrySetResult();
        }

        callers.ForEach(caller => caller.TrySetResult());
    }

    // Inside the lock.
    private void StartDue(RefreshJob job)
    {
        job.Want(RefreshReason.Due);
        Start(job);
    }

    // Inside the lock.
    private void Start(RefreshJob job)
    {
        Unqueue(job);
        job.IsRunning = true;
        _running++;
        var (callers, reason) = (job.Callers, job.Wanted ?? RefreshReason.Due);
        (job.Callers, job.Wanted) = ([], null);
        // The caller's context is not the turn's: a handshake's activity would become the parent of a refresh.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(() => RunAsync(job, callers, reason), CancellationToken.None);
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The last boundary: whatever fails, a logger or the settings themselves, the certificate's "
            + "next turn comes."
    )]
    private async Task RunAsync(RefreshJob job, List<TaskCompletionSource> callers, RefreshReason reason)
    {
        DateTimeOffset? next = null;
        try
        {
            next = await turn(job, reason, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            next = clock.GetUtcNow() + FaultDelay;
        }

        lock (_gate)
        {
            _running--;
            job.IsRunning = false;
            Continue(job, next);
            if (_isStopped && _running == 0)
                _idle.TrySetResult();
        }

        job.CompleteFirst();
        callers.ForEach(caller => caller.TrySetResult());
    }

    // Inside the lock.
    private void Continue(RefreshJob job, DateTimeOffset? next)
    {
        if (_isStopped || _jobs.GetValueOrDefault(job.Slot.Key) != job)
        {
            job.Callers.ForEach(caller => caller.TrySetResult());
            return;
        }

        if (job.Wanted is not null)
        {
            Start(job);
            return;
        }

        if (next is not { } at)
            return;
        // By both clocks: the one that comes first counts.
        job.DueAt = at;
        job.Due = clock.GetTimestamp() + (long)((at - clock.GetUtcNow()).TotalSeconds * clock.TimestampFrequency);
        job.IsWaiting = true;
        _waiting.Add(job);
        if (_waiting.Min == job)
            SetTimer();
    }

    private void Unqueue(RefreshJob job)
    {
        if (!job.IsWaiting)
            return;
        _waiting.Remove(job);
        job.IsWaiting = false;
    }

    private void Tick()
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            while (_waiting.Min is { } first && first.Due <= now)
                StartDue(first);
            SetTimer();
        }
    }

    // Inside the lock.
    private void SetTimer()
    {
        if (_isStopped || _waiting.Min is not { } first)
            return;
        var wait = clock.GetElapsedTime(clock.GetTimestamp(), first.Due);
        wait = wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
        wait = wait > LongestWait ? LongestWait : wait;
        if (_timer is not null)
        {
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
            return;
        }

        using (ExecutionContext.SuppressFlow())
            _timer = clock.CreateTimer(_ => Tick(), null, wait, Timeout.InfiniteTimeSpan);
    }

    private static readonly Comparer<RefreshJob> ByDue = Comparer<RefreshJob>.Create(
        (left, right) => (left.Due, left.Number).CompareTo((right.Due, right.Number))
    );

    private static readonly TimeSpan FaultDelay = TimeSpan.FromMinutes(5);

    // A timer takes no more than some seven weeks.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);
}
