namespace OcspLab.Comparison.Planning;

/// <summary>
/// Says what is going on, and how long it will still take, judged by how long what is done took. It may be used from
/// any thread.
/// </summary>
/// <param name="name">The work.</param>
/// <param name="whole">How much there is of it, in whatever <see cref="Done"/> counts.</param>
/// <param name="clock">The time.</param>
/// <param name="report">Is told of every step that begins, and otherwise not more often than people read.</param>
internal sealed class WorkProgress(string name, double whole, TimeProvider clock, PartProgress report)
{
    private readonly Lock _gate = new();
    private readonly long _started = clock.GetTimestamp();
    private long? _reported;
    private double _done;
    private TimeSpan _took;
    private string _step = "";

    /// <summary>A part of it begins.</summary>
    public void Begin(string step)
    {
        lock (_gate)
        {
            if (step == _step)
                return;
            _step = step;
            _reported = null;
            Report();
        }
    }

    /// <summary>Some of it is done.</summary>
    public void Done(double work)
    {
        lock (_gate)
        {
            _done += work;
            _took = clock.GetElapsedTime(_started);
            if (IsTelling)
                Report();
        }
    }

    private bool IsTelling => _done > 0 && _done >= whole * Telling;

    private void Report()
    {
        if (_reported is { } reported && clock.GetElapsedTime(reported) < Interval)
            return;
        _reported = clock.GetTimestamp();
        // The first of it says nothing: servers and runtimes start. What is under way since the last time is as far as
        // it will be.
        if (!IsTelling)
        {
            report.Say($"{name}: {_step}");
            return;
        }

        var left =
            (_took.TotalSeconds * (whole - _done) / _done) - (clock.GetElapsedTime(_started) - _took).TotalSeconds;
        report.Say($"{name}: {_step}", TimeSpan.FromSeconds(left));
    }

    private const double Telling = 0.05;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
}
