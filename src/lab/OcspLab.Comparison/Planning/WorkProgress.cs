namespace OcspLab.Comparison.Planning;

/// <summary>
/// Says what is going on, and how long it will still take, judged by how long what is done took. It may be used from
/// any thread.
/// </summary>
/// <param name="name">The work.</param>
/// <param name="whole">How much there is of it, in whatever <see cref="Done"/> counts.</param>
/// <param name="clock">The time.</param>
/// <param name="report">Is told of every step that begins, and otherwise not more often than people read.</param>
internal sealed class WorkProgress(string name, double whole, TimeProvider clock, Action<string> report)
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

    /// <summary>How long it will take, for people.</summary>
    public static string ToGo(TimeSpan left) =>
        left > TimeSpan.FromMinutes(2)
            ? $"about {left.TotalMinutes:0} min to go"
            : $"about {Math.Max(1, left.TotalSeconds):0} s to go";

    private bool IsTelling => _done > 0 && _done >= whole * Telling;

    private void Report()
    {
        if (_reported is { } reported && clock.GetElapsedTime(reported) < Interval)
            return;
        _reported = clock.GetTimestamp();
        // The first of it says nothing: servers and runtimes start. What is under way since the last time is as far as
        // it will be.
        var left = !IsTelling
            ? (double?)null
            : (_took.TotalSeconds * (whole - _done) / _done) - (clock.GetElapsedTime(_started) - _took).TotalSeconds;
        report(left is { } seconds ? $"{name}: {_step}, {ToGo(TimeSpan.FromSeconds(seconds))}" : $"{name}: {_step}");
    }

    private const double Telling = 0.05;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
}
