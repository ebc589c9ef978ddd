using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace OcspLab.Responder.Telemetry;

/// <summary>Owns the responder's meter, and counts for the admin API. Never tags by serial.</summary>
public sealed class ResponderMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "OcspLab.Responder";

    private readonly Meter _meter;
    private readonly Counter<long> _responses;
    private readonly Histogram<double> _signing;
    private readonly ConcurrentDictionary<(string Method, ResponseOutcome Outcome), StrongBox<long>> _counts = new();

    /// <summary>Creates the instruments.</summary>
    public ResponderMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _meter = meters.Create(MeterName);
        _responses = _meter.CreateCounter<long>(
            "ocsp.responder.responses",
            "{response}",
            "OCSP responses by method and outcome."
        );
        _signing = _meter.CreateHistogram<double>(
            "ocsp.responder.signing.duration",
            "s",
            "How long it took to build and sign a response, by authority."
        );
    }

    /// <summary>The counts so far.</summary>
    public IReadOnlyList<RequestCount> Counts =>
        [
            .. _counts
                .Select(entry => new RequestCount(
                    entry.Key.Method,
                    entry.Key.Outcome,
                    Interlocked.Read(ref entry.Value.Value)
                ))
                .OrderBy(count => count.Method)
                .ThenBy(count => count.Outcome),
        ];

    /// <summary>For the gauges.</summary>
    internal Meter Meter => _meter;

    internal void Responded(string method, ResponseOutcome outcome)
    {
        if (_responses.Enabled)
            _responses.Add(
                1,
                new KeyValuePair<string, object?>("method", method),
                new KeyValuePair<string, object?>("outcome", outcome.ToName())
            );
        Interlocked.Increment(ref _counts.GetOrAdd((method, outcome), _ => new StrongBox<long>()).Value);
    }

    internal void Signed(string authority, TimeSpan duration) =>
        _signing.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("authority", authority));
}
