using System.Threading.Channels;

namespace OcspLab.Responder.Presigning;

/// <summary>Which serial numbers are signed for ahead, and when each is due. Thread-safe.</summary>
internal sealed class PresigningPlan
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _dueAt = [];
    private readonly PriorityQueue<string, DateTimeOffset> _queue = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly TaskCompletionSource _firstPass = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isListStale = true;

    /// <summary>Ends when nothing was due for the first time.</summary>
    public Task FirstPass => _firstPass.Task;

    /// <summary>Nothing is due.</summary>
    public void Complete() => _firstPass.TrySetResult();

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _dueAt.Count;
        }
    }

    /// <summary>How many entries there are in the queue, outdated ones included.</summary>
    public int Queued
    {
        get
        {
            lock (_lock)
                return _queue.Count;
        }
    }

    /// <summary>How many are not due.</summary>
    public int CountReady(DateTimeOffset now)
    {
        lock (_lock)
            return _dueAt.Values.Count(dueAt => dueAt > now && dueAt != Taken);
    }

    /// <summary>When the next is due, or null where there is none.</summary>
    public DateTimeOffset? NextAt
    {
        get
        {
            lock (_lock)
            {
                SkipOutdated();
                return _queue.TryPeek(out _, out var dueAt) ? dueAt : null;
            }
        }
    }

    /// <summary>Whether the source must be asked again what it names; asking resets it.</summary>
    public bool TakeStaleList()
    {
        lock (_lock)
        {
            var isStale = _isListStale;
            _isListStale = false;
            return isStale;
        }
    }

    /// <summary>The source could not be asked; it is to be asked again.</summary>
    public void ListAgain()
    {
        lock (_lock)
            _isListStale = true;
    }

    /// <summary>Something has changed about a certificate, or about any.</summary>
    public void Change(string? serialNumber)
    {
        lock (_lock)
        {
            if (serialNumber is not null)
                Schedule(serialNumber, DateTimeOffset.MinValue);
            else
            {
                _isListStale = true;
                // Each stands in the queue once afterwards, however often this happens.
                _queue.Clear();
                foreach (var serial in _dueAt.Keys.ToList())
                    Enqueue(serial, DateTimeOffset.MinValue);
            }

            _news.Writer.TryWrite(true);
        }
    }

    /// <summary>Adds one that is ready.</summary>
    public void Add(string serialNumber, DateTimeOffset dueAt)
    {
        lock (_lock)
            Schedule(serialNumber, dueAt);
    }

    /// <summary>Takes in what the source names now, and tells what it names no longer.</summary>
    public IReadOnlyCollection<string> Replace(IReadOnlyCollection<string> serialNumbers)
    {
        lock (_lock)
        {
            var now = serialNumbers.ToHashSet();
            var gone = _dueAt.Keys.Where(serial => !now.Contains(serial)).ToList();
            foreach (var serial in gone)
                _dueAt.Remove(serial);
            foreach (var serial in now.Where(serial => !_dueAt.ContainsKey(serial)))
                Schedule(serial, DateTimeOffset.MinValue);
            return gone;
        }
    }

    /// <summary>A serial number that is due, or null. <see cref="Settle"/> follows.</summary>
    public string? Take(DateTimeOffset now)
    {
        lock (_lock)
        {
            SkipOutdated();
            if (!_queue.TryPeek(out var serial, out var dueAt) || dueAt > now)
                return null;
            _dueAt[serial] = Taken;
            return serial;
        }
    }

    /// <summary>
    /// Says when one that was taken is due next, unless something has changed about it since; null leaves it out.
    /// </summary>
    /// <param name="serialNumber">Which.</param>
    /// <param name="dueAt">When it is due next.</param>
    public void Settle(string serialNumber, DateTimeOffset? dueAt)
    {
        lock (_lock)
        {
            if (_dueAt.GetValueOrDefault(serialNumber) != Taken)
                return;
            if (dueAt is { } next)
                Schedule(serialNumber, next);
            else
                _dueAt.Remove(serialNumber);
        }
    }

    /// <summary>Waits for a change, for a time.</summary>
    public async Task WaitAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var news = _news.Reader.WaitToReadAsync(either.Token).AsTask();
        await Task.WhenAny(news, Task.Delay(time, clock, either.Token)).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        _news.Reader.TryRead(out _);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static readonly DateTimeOffset Taken = DateTimeOffset.MaxValue;

    private void Schedule(string serialNumber, DateTimeOffset dueAt)
    {
        if (!_dueAt.TryGetValue(serialNumber, out var known) || known != dueAt)
            Enqueue(serialNumber, dueAt);
    }

    private void Enqueue(string serialNumber, DateTimeOffset dueAt)
    {
        _dueAt[serialNumber] = dueAt;
        _queue.Enqueue(serialNumber, dueAt);
    }

    // What was scheduled again stands in the queue twice.
    private void SkipOutdated()
    {
        while (
            _queue.TryPeek(out var serial, out var dueAt)
            && !(_dueAt.TryGetValue(serial, out var current) && current == dueAt)
        )
            _queue.Dequeue();
    }
}
