using Medallion.Threading;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OcspLab.Stapling.Storage;

/// <summary>Where staples are kept, chosen once.</summary>
/// <param name="Store">The store, or null for none.</param>
/// <param name="Place">What it is, for people; null where there is no place for one.</param>
internal sealed record StoreChoice(IStapleStore? Store, string? Place)
{
    /// <summary>An application's own store comes before what the settings say.</summary>
    public static StoreChoice Make(IServiceProvider services)
    {
        if (services.GetService<IStapleStore>() is { } own)
            return new StoreChoice(own, $"the application's {own.GetType().Name}");
        var options = services.GetRequiredService<IOptionsMonitor<StaplingOptions>>().CurrentValue;
        return options.Storage switch
        {
            StapleStorage.None => new StoreChoice(null, "nowhere (Storage is None)"),
            StapleStorage.DistributedCache => Shared(
                services,
                ActivatorUtilities.CreateInstance<DistributedStapleStore>(services),
                services.GetRequiredService<IDistributedCache>().GetType().Name
            ),
            _ when Directory(options) is { } directory => new StoreChoice(
                new DirectoryStapleStore(directory),
                directory
            ),
            _ => new StoreChoice(null, null),
        };
    }

    // Get-then-set on a cache is no lock: where the application has real ones, they are the lease.
    private static StoreChoice Shared(IServiceProvider services, DistributedStapleStore store, string place) =>
        services.GetService<IDistributedLockProvider>() is { } locks
            ? new StoreChoice(
                new LockingStapleStore(
                    store,
                    locks,
                    LockPlace.Elsewhere,
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<ILoggerFactory>().CreateLogger(StaplingLog.Category)
                ),
                $"{place}, for all instances, with the locks of {locks.GetType().Name}"
            )
            : new StoreChoice(store, $"{place}, for all instances");

    /// <summary>Tries whether anything can be kept.</summary>
    /// <param name="threads">Where that may block.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Why not, or null.</returns>
    public async Task<string?> FindObstacleAsync(StoreThreads threads, CancellationToken cancellationToken)
    {
        if (Place is null)
            return "this system has no directory for an application's data";
        if (Store is not DirectoryStapleStore directory)
            return null;
        try
        {
            return await threads
                .Threads.RunAsync(_ => ValueTask.FromResult(directory.FindObstacle()), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return $"{Place} does not answer";
        }
    }

    private static string? Directory(StaplingOptions options) =>
        options.StorageDirectory ?? DirectoryStapleStore.DefaultDirectory(Environment.GetEnvironmentVariable);
}
