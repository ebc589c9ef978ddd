using System.Net;
using System.Net.Sockets;

namespace OcspLab.Testing;

/// <summary>Ports of 127.0.0.1 that nobody listens on.</summary>
/// <remarks>
/// Below the range of outgoing connections, where a port can be gone before a server has it; each process begins
/// somewhere else and gives every port once.
/// </remarks>
public static class FreePort
{
    private const int First = 22_000;
    private const int Count = 10_000;
    private static int _cursor = Environment.ProcessId * 61;

    public static int Find() => Find(1)[0];

    public static int[] Find(int count) => [.. Candidates().Where(IsFree).Take(count)];

    private static IEnumerable<int> Candidates()
    {
        for (var tried = 0; tried < Count; tried++)
            yield return First + (int)((uint)Interlocked.Increment(ref _cursor) % Count);
    }

    private static bool IsFree(int port) =>
        CanBind(port, SocketType.Stream, ProtocolType.Tcp) && CanBind(port, SocketType.Dgram, ProtocolType.Udp);

    private static bool CanBind(int port, SocketType type, ProtocolType protocol)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
