using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using OcspLab.ServiceDefaults;

namespace OcspLab.Dns;

/// <summary>
/// The lab's authoritative name server over UDP and TCP. A well-kept library was tried first; none tells which local
/// address a datagram arrived on, and that is the answer that works from a host and from a container alike.
/// </summary>
public sealed class NameServer : IHostedService, IDisposable
{
    private readonly DnsOptions _options;
    private readonly DnsZones _zones;
    private readonly TimeProvider _clock;
    private readonly ILogger<NameServer> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _connections = new(MaximumConnections);
    private readonly List<Socket> _sockets = [];
    private Task _loops = Task.CompletedTask;

    /// <summary>A server that starts with its host.</summary>
    public NameServer(IOptions<DnsOptions> options, TimeProvider clock, ILogger<NameServer> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Value;
        _zones = new DnsZones(_options);
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Where it listens first; only after the start.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_sockets[0].LocalEndPoint!;

    /// <summary>Opens both ports on every address.</summary>
    /// <exception cref="IOException">One of them cannot be had.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var loops = new List<Task>();
        var port = _options.Port;
        foreach (var address in SocketBinding.Parse(_options.Address))
        {
            try
            {
                var (udp, tcp) = OpenBoth(address, port);
                port = ((IPEndPoint)udp.LocalEndPoint!).Port;
                loops.Add(ServeUdpAsync(udp, _stopping.Token));
                loops.Add(ServeTcpAsync(tcp, _stopping.Token));
            }
            catch (SocketException exception)
            {
                throw new IOException(
                    $"The name server cannot listen on {address}:{port}: {exception.Message}",
                    exception
                );
            }

            _logger.Started(new IPEndPoint(address, port));
        }

        _loops = Task.WhenAll(loops);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loops.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        _stopping.Dispose();
        _connections.Dispose();
    }

    // Where any port will do, one that is free for UDP may be taken for TCP.
    private (Socket Udp, Socket Tcp) OpenBoth(IPAddress address, int port)
    {
        for (var attempt = 1; ; attempt++)
        {
            var udp = Open(address, port, SocketType.Dgram);
            try
            {
                return (udp, Open(address, ((IPEndPoint)udp.LocalEndPoint!).Port, SocketType.Stream));
            }
            catch (SocketException exception)
                when (port == 0 && attempt < Attempts && exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                Close(udp);
            }
        }
    }

    private void Close(Socket socket)
    {
        socket.Dispose();
        _sockets.Remove(socket);
    }

    private Socket Open(IPAddress address, int port, SocketType type)
    {
        var socket = new Socket(
            address.AddressFamily,
            type,
            type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp
        );
        try
        {
            _options.Binding.Prepare(socket);
            if (type == SocketType.Dgram)
                socket.SetSocketOption(
                    address.AddressFamily == AddressFamily.InterNetwork ? SocketOptionLevel.IP : SocketOptionLevel.IPv6,
                    SocketOptionName.PacketInformation,
                    true
                );
            socket.Bind(new IPEndPoint(address, port));
            if (type == SocketType.Stream)
                socket.Listen(MaximumConnections);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        _sockets.Add(socket);
        return socket;
    }

    private async Task ServeUdpAsync(Socket socket, CancellationToken stopping)
    {
        var buffer = new byte[MaximumMessage];
        var anyone = new IPEndPoint(
            socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any,
            0
        );
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var received = await socket
                    .ReceiveMessageFromAsync(buffer, SocketFlags.None, anyone, stopping)
                    .ConfigureAwait(false);
                if (
                    _zones.Answer(
                        buffer.AsMemory(0, received.ReceivedBytes),
                        received.PacketInformation.Address,
                        out var log
                    ) is
                    { } answer
                )
                    await socket
                        .SendToAsync(answer, SocketFlags.None, received.RemoteEndPoint, stopping)
                        .ConfigureAwait(false);
                _logger.Query("udp", (IPEndPoint)received.RemoteEndPoint, log);
            }
            catch (SocketException exception)
            {
                // An ICMP error of an earlier answer, or a datagram larger than any query: neither ends the service.
                _logger.PeerFailed(exception.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ServeTcpAsync(Socket listener, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await _connections.WaitAsync(stopping).ConfigureAwait(false);
                var socket = await listener.AcceptAsync(stopping).ConfigureAwait(false);
                _ = ServeConnectionAsync(socket, stopping);
            }
            catch (SocketException exception)
            {
                _connections.Release();
                _logger.PeerFailed(exception.Message);
                // Out of file handles, say: it passes, and trying at once would only burn the processor.
                await Task.Delay(AcceptRetryDelay, _clock, CancellationToken.None).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ServeConnectionAsync(Socket socket, CancellationToken stopping)
    {
        try
        {
            using var idle = new CancellationTokenSource(IdleTimeout, _clock);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, stopping);
            using var stream = new NetworkStream(socket, ownsSocket: true);
            var prefix = new byte[2];
            var buffer = new byte[MaximumMessage];
            while (
                await stream.ReadAtLeastAsync(prefix, 2, throwOnEndOfStream: false, ending.Token).ConfigureAwait(false)
                == 2
            )
            {
                var length = BinaryPrimitives.ReadUInt16BigEndian(prefix);
                if (length > MaximumMessage)
                    return;
                await stream.ReadExactlyAsync(buffer.AsMemory(0, length), ending.Token).ConfigureAwait(false);
                var answer = _zones.Answer(
                    buffer.AsMemory(0, length),
                    ((IPEndPoint)socket.LocalEndPoint!).Address,
                    out var log
                );
                _logger.Query("tcp", (IPEndPoint)socket.RemoteEndPoint!, log);
                if (answer is null)
                    return;
                var framed = new byte[answer.Length + 2];
                BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)answer.Length);
                answer.CopyTo(framed, 2);
                await stream.WriteAsync(framed, ending.Token).ConfigureAwait(false);
                idle.CancelAfter(IdleTimeout);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            _logger.PeerFailed(exception.Message);
        }
        finally
        {
            _connections.Release();
        }
    }

    // A question for one name is at most 12 + 255 + 4 octets; the rest is room for EDNS options (RFC 6891).
    private const int MaximumMessage = 1232;
    private const int Attempts = 20;
    private const int MaximumConnections = 64;
    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(10);
}
