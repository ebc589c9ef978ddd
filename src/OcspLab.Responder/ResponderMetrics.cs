using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OcspLab.Responder;

/// <summary>Owns the responder's meter, and counts for the admin API. Never tags by serial.</summary>
public sealed class ResponderMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "OcspLab.Responder";

    private readonly Counter<long> _answers;
    private readonly ConcurrentDictionary<(string Method, string Outcome), long> _counts = new();

    /// <summary>Creates the instruments.</summary>
    public ResponderMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _answers = meters.Create(MeterName).CreateCounter<long>("ocsp.responder.answers", "{answer}", "OCSP answers by method and outcome.");
    }

    /// <summary>The counts so far.</summary>
    public IReadOnlyList<RequestCount> Counts =>
        [.. _counts.Select(entry => new RequestCount(entry.Key.Method, entry.Key.Outcome, entry.Value)).OrderBy(count => count.Method).ThenBy(count => count.Outcome)];

    internal void Answered(string method, string outcome)
    {
        _answers.Add(1, new KeyValuePair<string, object?>("method", method), new KeyValuePair<string, object?>("outcome", outcome));
        _counts.AddOrUpdate((method, outcome), 1, (_, count) => count + 1);
    }
}
