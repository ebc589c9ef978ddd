using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OcspLab.Stapling.Status;
using OcspLab.Stapling.Storage;

namespace OcspLab.Stapling.Refreshing;

/// <summary>What all keepers of an engine share.</summary>
internal sealed record KeeperTools(
    StapleFetcher Fetcher,
    StapleArchive Archive,
    PartitionedRateLimiter<string> Limiter,
    IOptionsMonitor<StaplingOptions> Options,
    StaplingMetrics Metrics,
    TimeProvider Clock,
    Random Random,
    ILogger Logger)
{
    /// <summary>From 0 (inclusive) to 1.</summary>
    public double Chance()
    {
        lock (Random)
            return Random.NextDouble();
    }
}
