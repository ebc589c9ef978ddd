using System.Net;
using Microsoft.AspNetCore.Connections;

namespace OcspLab.Stapling.Kestrel;

/// <summary>Keeps a port closed until the staples are there. Kestrel builds an endpoint's TLS before it binds, so every certificate is known by then.</summary>
internal sealed class PrefetchingListenerFactory(IConnectionListenerFactory inner, KestrelHttpsHook hook, HandshakeStapling stapling) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        hook.BeforeBinding();
        await stapling.PrefetchAsync(cancellationToken).ConfigureAwait(false);
        return await inner.BindAsync(endpoint, cancellationToken).ConfigureAwait(false);
    }

    public bool CanBind(EndPoint endpoint) => inner is not IConnectionListenerFactorySelector selector || selector.CanBind(endpoint);
}
