using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OcspLab.Stapling;

/// <summary>Owns the stapling meter.</summary>
internal sealed class StaplingMetrics
{
    private readonly Counter<long> _refreshes;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _handshakes;

    public StaplingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(StaplingTelemetry.MeterName);
        _refreshes = meter.CreateCounter<long>("ocsp.stapling.refreshes", "{refresh}", "Refreshes by outcome.");
        _duration = meter.CreateHistogram<double>("ocsp.stapling.refresh.duration", "s", "How long a refresh took.");
        _handshakes = meter.CreateCounter<long>("ocsp.stapling.handshakes", "{handshake}", "Handshakes begun with and without a staple at hand.");
    }

    public void Refreshed(string outcome, TimeSpan duration)
    {
        _refreshes.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
    }

    public void Handshake(string staple) => _handshakes.Add(1, new KeyValuePair<string, object?>("staple", staple));
}

/// <summary>Names for who listens.</summary>
public static class StaplingTelemetry
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "OcspLab.Stapling";

    /// <summary>The activity source's name.</summary>
    public const string ActivitySourceName = MeterName;

    internal static ActivitySource Source { get; } = new(ActivitySourceName);
}
