using System.Net;
using System.Net.Sockets;

namespace OcspLab.Lab;

/// <summary>Whether a port can be had, found out by taking it for a moment.</summary>
public static class PortCheck
{
    /// <summary>Tries the port on 127.0.0.1: over UDP too for the name server, and on ::1 for nginx where there is one.</summary>
    /// <returns>Why it cannot be had, or null when it can.</returns>
    public static SocketError? Refusal(LabPort port)
    {
        ArgumentNullException.ThrowIfNull(port);
        return Bind(IPAddress.Loopback, port.Number, SocketType.Stream)
            ?? (port.Resource == LabTopology.Dns ? Bind(IPAddress.Loopback, port.Number, SocketType.Dgram) : null)
            ?? (port.Resource == LabTopology.Nginx && HasIpv6Loopback() ? Bind(IPAddress.IPv6Loopback, port.Number, SocketType.Stream) : null);
    }

    /// <summary>Whether this machine has ::1.</summary>
    public static bool HasIpv6Loopback() => Socket.OSSupportsIPv6 && Bind(IPAddress.IPv6Loopback, 0, SocketType.Stream) is null;

    /// <summary>Ports that nobody listens on now, each a different one.</summary>
    internal static int[] FindFree(int count)
    {
        // Held until all are known, so that none is given twice.
        var holders = Enumerable.Range(0, count).Select(_ =>
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return listener;
        }).ToArray();
        var ports = holders.Select(holder => ((IPEndPoint)holder.LocalEndpoint).Port).ToArray();
        foreach (var holder in holders)
            holder.Dispose();
        return ports;
    }

    private static SocketError? Bind(IPAddress address, int port, SocketType type)
    {
        using var socket = new Socket(address.AddressFamily, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return null;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }
    }
}
