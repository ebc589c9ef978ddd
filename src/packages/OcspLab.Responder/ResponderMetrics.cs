using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;

namespace OcspLab.Responder;

/// <summary>Owns the responder's meter, and counts for the admin API. Never tags by serial.</summary>
public sealed class ResponderMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "OcspLab.Responder";

    private readonly Meter _meter;
    private readonly Counter<long> _answers;
    private readonly Histogram<double> _signing;
    private readonly ConcurrentDictionary<(string Method, string Outcome), StrongBox<long>> _counts = new();

    /// <summary>Creates the instruments.</summary>
    public ResponderMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _meter = meters.Create(MeterName);
        _answers = _meter.CreateCounter<long>("ocsp.responder.answers", "{answer}", "OCSP answers by method and outcome.");
        _signing = _meter.CreateHistogram<double>("ocsp.responder.signing.duration", "s", "How long it took to build and sign an answer, by authority.");
    }

    /// <summary>The counts so far.</summary>
    public IReadOnlyList<RequestCount> Counts =>
        [.. _counts.Select(entry => new RequestCount(entry.Key.Method, entry.Key.Outcome, Interlocked.Read(ref entry.Value.Value))).OrderBy(count => count.Method).ThenBy(count => count.Outcome)];

    internal void Watch(ReadyAnswers ready, AuthorityDirectory authorities, TimeProvider clock)
    {
        _meter.CreateObservableGauge("ocsp.responder.ready", () => ready.Count, "{answer}", "Signed answers that are ready.");
        _meter.CreateObservableGauge("ocsp.responder.signer.remaining", () =>
            from authority in authorities.All
            select new Measurement<double>(authority.Signers.Max(signer => signer.NotAfter - clock.GetUtcNow()).TotalSeconds, new KeyValuePair<string, object?>("authority", authority.Name)),
            "s", "How long the signer that lasts longest is still valid, by authority.");
    }

    internal void Answered(string method, string outcome)
    {
        if (_answers.Enabled)
            _answers.Add(1, new KeyValuePair<string, object?>("method", method), new KeyValuePair<string, object?>("outcome", outcome));
        Interlocked.Increment(ref _counts.GetOrAdd((method, outcome), _ => new StrongBox<long>()).Value);
    }

    internal void Signed(string authority, TimeSpan duration) => _signing.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("authority", authority));
}
