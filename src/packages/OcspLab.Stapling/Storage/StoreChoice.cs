using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OcspLab.Stapling.Storage;

/// <summary>Where staples are kept, chosen once.</summary>
/// <param name="Store">The store, or null for none.</param>
/// <param name="Place">What it is, for people.</param>
/// <param name="Obstacle">Why nothing is kept, or null.</param>
internal sealed record StoreChoice(IStapleStore? Store, string Place, string? Obstacle)
{
    /// <summary>An application's own store comes before what the settings say.</summary>
    public static StoreChoice Make(IServiceProvider services)
    {
        if (services.GetService<IStapleStore>() is { } own)
            return new StoreChoice(own, $"the application's {own.GetType().Name}", null);
        var options = services.GetRequiredService<IOptionsMonitor<StaplingOptions>>().CurrentValue;
        return options.Storage switch
        {
            StapleStorage.None => new StoreChoice(null, "nowhere (Storage is None)", null),
            StapleStorage.DistributedCache => new StoreChoice(
                ActivatorUtilities.CreateInstance<DistributedStapleStore>(services),
                $"{services.GetRequiredService<IDistributedCache>().GetType().Name}, for all instances",
                null
            ),
            _ => InDirectory(
                options.StorageDirectory ?? DirectoryStapleStore.DefaultDirectory(Environment.GetEnvironmentVariable)
            ),
        };
    }

    private static StoreChoice InDirectory(string? directory)
    {
        if (directory is null)
            return new StoreChoice(null, "", "this system has no directory for an application's data");
        var store = new DirectoryStapleStore(directory);
        try
        {
            store.Create();
            return new StoreChoice(store, directory, null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It may be mended while the server runs.
            return new StoreChoice(store, directory, exception.Message);
        }
    }
}
