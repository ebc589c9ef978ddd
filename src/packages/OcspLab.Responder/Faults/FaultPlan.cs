namespace OcspLab.Responder.Faults;

/// <summary>The faults in force. The newest that fits a request is done to it. Thread-safe.</summary>
internal sealed class FaultPlan(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly List<Fault> _faults = [];
    private volatile bool _isEmpty = true;
    private long _id;

    /// <summary>True while there is none: what most requests look at.</summary>
    public bool IsEmpty => _isEmpty;

    /// <summary>What is in force, oldest first.</summary>
    public IReadOnlyList<Fault> List()
    {
        lock (_lock)
        {
            Tidy();
            return [.. _faults];
        }
    }

    /// <summary>Puts a fault in force.</summary>
    /// <param name="order">What is asked for, the certificate by its serial number.</param>
    public Fault Add(FaultOrder order)
    {
        lock (_lock)
        {
            var usual = order.Kind == FaultKind.Delay ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(5);
            var now = clock.GetUtcNow();
            var fault = new Fault(
                ++_id,
                order.Kind,
                order.Certificate,
                order.Requests,
                now + order.For,
                order.Duration ?? usual,
                now
            );
            _faults.Add(fault);
            _isEmpty = false;
            return fault;
        }
    }

    /// <summary>Takes one back, or all.</summary>
    /// <returns>How many there were.</returns>
    public int Remove(long? id)
    {
        lock (_lock)
        {
            var removed = _faults.RemoveAll(fault => id is null || fault.Id == id);
            Tidy();
            return removed;
        }
    }

    /// <summary>The fault for a request, counted; null when none fits.</summary>
    public Fault? Take(IReadOnlyList<string> serialNumbers)
    {
        lock (_lock)
        {
            Tidy();
            var index = _faults.FindLastIndex(fault =>
                fault.SerialNumber is null || serialNumbers.Contains(fault.SerialNumber)
            );
            if (index < 0)
                return null;
            var fault = _faults[index];
            if (fault.Requests is { } left)
                _faults[index] = fault with { Requests = left - 1 };
            Tidy();
            return fault;
        }
    }

    private void Tidy()
    {
        var now = clock.GetUtcNow();
        _faults.RemoveAll(fault => fault.Requests == 0 || fault.Until <= now);
        _isEmpty = _faults.Count == 0;
    }
}
