namespace OcspLab.Stapling.Storage;

/// <summary>
/// Whether something outside works: while it does not, one at a time tries it again, after a second at first and half a
/// minute at last. What restarts is back soon; what hangs is not to be waited for again and again. Thread-safe.
/// </summary>
internal sealed class Outage(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private long? _failedAt;
    private int _failures;

    /// <summary>Whether it has failed, and nothing has succeeded since.</summary>
    public bool IsOn
    {
        get
        {
            lock (_gate)
                return _failedAt is not null;
        }
    }

    /// <summary>Whether it is to be tried now.</summary>
    /// <param name="isProbe">Whether that is to find out if it works again.</param>
    public bool MayTry(out bool isProbe)
    {
        lock (_gate)
        {
            isProbe = _failedAt is not null;
            if (_failedAt is not { } failedAt)
                return true;
            if (clock.GetElapsedTime(failedAt) < RetryDelay)
                return false;
            _failedAt = clock.GetTimestamp();
            return true;
        }
    }

    /// <summary>It works.</summary>
    public void End()
    {
        lock (_gate)
            (_failedAt, _failures) = (null, 0);
    }

    /// <summary>It does not.</summary>
    /// <param name="isProbe">What <see cref="MayTry"/> said.</param>
    /// <returns>Whether it did before.</returns>
    public bool Begin(bool isProbe)
    {
        lock (_gate)
        {
            var isNew = _failedAt is null;
            // What was under way when it began says nothing more.
            if (!isNew && !isProbe)
                return false;
            _failedAt = clock.GetTimestamp();
            _failures++;
            return isNew;
        }
    }

    private TimeSpan RetryDelay =>
        _failures > 5 ? TimeSpan.FromSeconds(30) : TimeSpan.FromSeconds(1 << Math.Max(_failures - 1, 0));
}
