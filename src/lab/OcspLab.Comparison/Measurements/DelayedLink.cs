using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace OcspLab.Comparison.Measurements;

/// <summary>
/// A TCP relay that makes a near server far, for one request a connection: every byte is late by half a round trip in
/// each direction, and those to the server by a whole round trip more, which is what the connection itself would have
/// taken. Bandwidth and loss are not emulated.
/// </summary>
internal sealed class DelayedLink : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly TimeSpan _roundTrip;
    private readonly TimeProvider _clock;
    private readonly Task _accepting;

    public DelayedLink(int target, TimeSpan roundTrip, TimeProvider clock)
    {
        _target = target;
        _roundTrip = roundTrip;
        _clock = clock;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect to, on 127.0.0.1.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        // It may just have taken one and be about to wait for the next: a listener must be there for that.
        await _accepting.ConfigureAwait(false);
        _listener.Dispose();
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
                relays.Add(RelayAsync(await _listener.AcceptSocketAsync(_ended.Token).ConfigureAwait(false)));
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The end.
        }

        await Task.WhenAll(relays).ConfigureAwait(false);
    }

    private async Task RelayAsync(Socket client)
    {
        using var near = client;
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        try
        {
            await far.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _target), _ended.Token).ConfigureAwait(false);
            await Task.WhenAll(
                    PumpAsync(near, far, _roundTrip * 1.5, either),
                    PumpAsync(far, near, _roundTrip / 2, either)
                )
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // One side is gone, and so is the other.
        }
    }

    private async Task PumpAsync(Socket from, Socket to, TimeSpan delay, CancellationTokenSource either)
    {
        var inFlight = Channel.CreateUnbounded<(long Sent, byte[] Bytes)>();
        var delivering = DeliverAsync();
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, either.Token).ConfigureAwait(false) is > 0 and var read)
                inFlight.Writer.TryWrite((_clock.GetTimestamp(), buffer[..read]));
        }
        catch (SocketException)
        {
            // A reset: what is under way is lost, in both directions.
            await either.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            inFlight.Writer.Complete();
            await delivering.ConfigureAwait(false);
        }

        async Task DeliverAsync()
        {
            try
            {
                await ForwardAsync().ConfigureAwait(false);
            }
            catch (SocketException)
            {
                await either.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        async Task ForwardAsync()
        {
            await foreach (var (sent, bytes) in inFlight.Reader.ReadAllAsync(either.Token).ConfigureAwait(false))
            {
                var left = delay - _clock.GetElapsedTime(sent);
                if (left > TimeSpan.Zero)
                    await Task.Delay(left, _clock, either.Token).ConfigureAwait(false);
                await to.SendAsync(bytes, either.Token).ConfigureAwait(false);
            }

            to.Shutdown(SocketShutdown.Send);
        }
    }
}
