using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling.Status;

/// <summary>
/// Owns the stapling meter; <c>docs/events.md</c> lists the instruments. No certificate is named in a tag: there may be
/// thousands.
/// </summary>
internal sealed class StaplingMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _refreshes;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _handshakes;

    public StaplingMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(StaplingTelemetry.MeterName);
        _refreshes = _meter.CreateCounter<long>("ocsp.stapling.refreshes", "{refresh}", "Refreshes by outcome.");
        _duration = _meter.CreateHistogram<double>("ocsp.stapling.refresh.duration", "s", "How long a refresh took.");
        _handshakes = _meter.CreateCounter<long>(
            "ocsp.stapling.handshakes",
            "{handshake}",
            "Handshakes begun, by what they were given."
        );
    }

    /// <summary>Adds the gauges of what is held.</summary>
    public void Watch(IStaplingStatus status, TimeProvider clock)
    {
        _meter.CreateObservableGauge(
            "ocsp.stapling.staples",
            () => Count(status, clock),
            "{certificate}",
            "Certificates by what is held for them."
        );
        _meter.CreateObservableGauge(
            "ocsp.stapling.staple.remaining",
            () => Ages(status, staple => staple.ExpiresAt - clock.GetUtcNow(), spans => spans.Min()),
            "s",
            "The time that the staple next to expire has left; negative once it has expired."
        );
        _meter.CreateObservableGauge(
            "ocsp.stapling.staple.age",
            () => Ages(status, staple => clock.GetUtcNow() - staple.ThisUpdate, spans => spans.Max()),
            "s",
            "The age of the oldest staple, from its thisUpdate."
        );
    }

    public void Refreshed(RefreshOutcome outcome, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>("outcome", outcome.ToTag());
        _refreshes.Add(1, tag);
        _duration.Record(duration.TotalSeconds, tag);
    }

    public void Handshake(HandshakeOutcome outcome) => _handshakes.Add(1, HandshakeTags[(int)outcome]);

    // Made once: this is the handshake's path.
    private static readonly KeyValuePair<string, object?>[] HandshakeTags =
    [
        .. Enum.GetNames<HandshakeOutcome>()
            .Select(name => new KeyValuePair<string, object?>(
                "staple",
                JsonNamingPolicy.SnakeCaseLower.ConvertName(name)
            )),
    ];

    private static IEnumerable<Measurement<long>> Count(IStaplingStatus status, TimeProvider clock) =>
        status
            .Staples.CountBy(staple => StapleHealth.StateOf(staple, clock.GetUtcNow()))
            .Select(state => new Measurement<long>(
                state.Value,
                new KeyValuePair<string, object?>("state", state.Key.ToTag())
            ));

    // No measurement rather than a false one while nothing is held.
    private static IEnumerable<Measurement<double>> Ages(
        IStaplingStatus status,
        Func<VerifiedStaple, TimeSpan> age,
        Func<IEnumerable<TimeSpan>, TimeSpan> choose
    )
    {
        TimeSpan[] ages =
        [
            .. status
                .Staples.Where(staple => staple is { Staple: not null, IsInUse: true })
                .Select(staple => age(staple.Staple!)),
        ];
        return ages.Length == 0 ? [] : [new Measurement<double>(choose(ages).TotalSeconds)];
    }
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
