using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using OcspLab.Keep.Keeping;
using Prometheus;

namespace OcspLab.Keep.Health;

/// <summary>
/// What monitoring asks for besides the engine's metrics, by OTLP as <c>OcspLab.Keep</c> and in Prometheus' text.
/// </summary>
internal sealed class KeepMetrics : IDisposable
{
    private readonly Meter _meter;

    public KeepMetrics(IMeterFactory meters, Keeper keeper, TimeProvider clock)
    {
        _meter = meters.Create(KeepTelemetry.MeterName);
        _meter.CreateObservableGauge(
            "ocsp.keep.staple.remaining",
            () =>
                keeper.Certificates.Select(kept => new Measurement<double>(
                    kept.Given is { } staple ? (staple.ExpiresAt - clock.GetUtcNow()).TotalSeconds : 0,
                    new KeyValuePair<string, object?>("certificate", kept.Name)
                )),
            "s",
            "How long the staple that servers have lasts; 0 where they have none."
        );
        _meter.CreateObservableGauge(
            "ocsp.keep.faults",
            () => keeper.Certificates.Count(kept => kept.Fault is not null) + (keeper.ReloadFault is null ? 0 : 1),
            "{fault}",
            "How many certificates cannot be read or given, and reloads that fail."
        );
    }

    /// <summary>Everything that is measured in this process, for Prometheus.</summary>
    public static async Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;
        await Prometheus
            .Metrics.DefaultRegistry.CollectAndExportAsTextAsync(http.Response.Body, http.RequestAborted)
            .ConfigureAwait(false);
    }

    public void Dispose() => _meter.Dispose();
}
