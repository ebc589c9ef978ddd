namespace OcspLab.Stapling.Fleets;

/// <summary>A store of one's own for each test.</summary>
[Trait("Ring", "program")]
public abstract class FleetBench : IAsyncLifetime
{
    private protected StoreServer Store { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Store = await StartStoreAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Store.DisposeAsync();
    }

    protected abstract Task<StoreServer> StartStoreAsync();
}
