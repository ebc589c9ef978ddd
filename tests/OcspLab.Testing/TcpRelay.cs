using System.Net;
using System.Net.Sockets;

namespace OcspLab.Testing;

/// <summary>A cable between a client and a server of this machine, which a test may cut.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly int _server;
    private readonly Task _accepting;
    private CancellationTokenSource _cable = new();

    public TcpRelay(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whether new connections are carried; those that are there break when it is cut.</summary>
    public bool IsCut
    {
        get => _cable.IsCancellationRequested;
        set
        {
            if (value)
                _cable.Cancel();
            else
                _cable = new CancellationTokenSource();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _cable.CancelAsync();
        await _accepting;
        _listener.Stop();
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptTcpClientAsync(_ending.Token), _cable.Token);
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient client, CancellationToken cut)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                cut.ThrowIfCancellationRequested();
                await server.ConnectAsync(IPAddress.Loopback, _server, cut);
                var (left, right) = (client.GetStream(), server.GetStream());
                await Task.WhenAny(left.CopyToAsync(right, cut), right.CopyToAsync(left, cut));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                // Both ends see it.
            }
        }
    }
}
