using Microsoft.Extensions.Hosting;

namespace OcspLab.Stapling.Kestrel.Tests;

/// <summary>Looks whether there is a callback after configuration and before binding.</summary>
internal sealed class CallbackWatch(Func<Delegate?> callback) : IHostedService
{
    public bool WasFree { get; private set; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        WasFree = callback() is null;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
