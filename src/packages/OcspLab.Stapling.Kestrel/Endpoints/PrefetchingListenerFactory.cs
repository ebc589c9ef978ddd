using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;

namespace OcspLab.Stapling.Kestrel.Endpoints;

/// <summary>
/// Keeps a port closed until the staples are there. Kestrel builds an endpoint's TLS before it binds, so every
/// certificate is known by then.
/// </summary>
internal sealed class PrefetchingListenerFactory(
    IConnectionListenerFactory inner,
    KestrelHttpsHook hook,
    IHostApplicationLifetime lifetime
) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public async ValueTask<IConnectionListener> BindAsync(
        EndPoint endpoint,
        CancellationToken cancellationToken = default
    )
    {
        // On a reload Kestrel has closed the old port already: a dead responder must not keep the site down.
        TimeSpan? atMost = lifetime.ApplicationStarted.IsCancellationRequested ? ReloadTimeout : null;
        await hook.PrefetchAsync(endpoint, atMost, cancellationToken).ConfigureAwait(false);
        return await inner.BindAsync(endpoint, cancellationToken).ConfigureAwait(false);
    }

    public bool CanBind(EndPoint endpoint) =>
        inner is not IConnectionListenerFactorySelector selector || selector.CanBind(endpoint);

    private static readonly TimeSpan ReloadTimeout = TimeSpan.FromSeconds(1);
}
