using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace OcspLab.Stapling.Kestrel.Endpoints;

/// <summary>
/// Attaches stapling again as soon as an HTTP/3 port opens: by then Kestrel has looked for a callback, and found none.
/// </summary>
internal sealed class ReattachingMultiplexedFactory(IMultiplexedConnectionListenerFactory inner, KestrelHttpsHook hook)
    : IMultiplexedConnectionListenerFactory,
        IConnectionListenerFactorySelector
{
    public ValueTask<IMultiplexedConnectionListener> BindAsync(
        EndPoint endpoint,
        IFeatureCollection? features = null,
        CancellationToken cancellationToken = default
    )
    {
        hook.AfterBinding(endpoint);
        return inner.BindAsync(endpoint, features, cancellationToken);
    }

    public bool CanBind(EndPoint endpoint) =>
        inner is not IConnectionListenerFactorySelector selector || selector.CanBind(endpoint);
}
