using System.Diagnostics.Metrics;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Responding;

/// <summary>The gauges of the responder's meter: what is cached, and how long signers last.</summary>
internal static class ResponderGauges
{
    public static void AddTo(
        ResponderMetrics metrics,
        ResponseCache cache,
        AuthorityDirectory authorities,
        TimeProvider clock
    )
    {
        metrics.Meter.CreateObservableGauge(
            "ocsp.responder.cached",
            () => cache.Count,
            "{response}",
            "Signed responses in the cache."
        );
        metrics.Meter.CreateObservableGauge(
            "ocsp.responder.signer.remaining",
            () => authorities.All.Select(authority => Remaining(authority, clock.GetUtcNow())),
            "s",
            "How long the signer that lasts longest is still valid, by authority."
        );
    }

    private static Measurement<double> Remaining(Authority authority, DateTimeOffset now) =>
        new(
            authority.Signers.Max(signer => signer.NotAfter - now).TotalSeconds,
            new KeyValuePair<string, object?>("authority", authority.Name)
        );
}
