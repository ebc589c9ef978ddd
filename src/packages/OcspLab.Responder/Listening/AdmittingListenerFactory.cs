using System.Net;
using Microsoft.AspNetCore.Connections;

namespace OcspLab.Responder.Listening;

/// <summary>
/// Takes in connections for which a <see cref="ConnectionTable"/> has room, and closes the others before the next is
/// taken: they never pile up, however fast they come.
/// </summary>
internal sealed class AdmittingListenerFactory(IConnectionListenerFactory inner, ConnectionTable table)
    : IConnectionListenerFactory
{
    public async ValueTask<IConnectionListener> BindAsync(
        EndPoint endpoint,
        CancellationToken cancellationToken = default
    ) => new Listener(await inner.BindAsync(endpoint, cancellationToken).ConfigureAwait(false), table);

    private sealed class Listener(IConnectionListener inner, ConnectionTable table) : IConnectionListener
    {
        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await inner.AcceptAsync(cancellationToken).ConfigureAwait(false) is { } connection)
            {
                if (table.TryAdmit(connection.RemoteEndPoint, connection.Abort) is { } admitted)
                {
                    connection.Features.Set(admitted);
                    connection.ConnectionClosed.UnsafeRegister(state => ((AdmittedConnection)state!).Leave(), admitted);
                    return connection;
                }

                connection.Abort();
                await connection.DisposeAsync().ConfigureAwait(false);
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) =>
            inner.UnbindAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
