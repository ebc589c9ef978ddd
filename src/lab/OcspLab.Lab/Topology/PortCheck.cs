using System.Net;
using System.Net.Sockets;

namespace OcspLab.Lab.Topology;

/// <summary>Whether a port can be had, found out by taking it for a moment.</summary>
public static class PortCheck
{
    private const int PoolStart = 12_000;
    private const int PoolSize = 10_000;

    private static int _cursor = Environment.ProcessId * 61;

    /// <summary>
    /// Tries the port on 127.0.0.1: over UDP too for the name server, and on ::1 for nginx where there is one.
    /// </summary>
    /// <returns>Why it cannot be had, or null when it can.</returns>
    public static SocketError? Refusal(LabPort port)
    {
        ArgumentNullException.ThrowIfNull(port);
        return Bind(IPAddress.Loopback, port.Number, SocketType.Stream)
            ?? (port.Resource == LabTopology.Dns ? Bind(IPAddress.Loopback, port.Number, SocketType.Dgram) : null)
            ?? (
                port.Resource is LabTopology.Nginx or LabTopology.NginxKept && HasIpv6Loopback()
                    ? Bind(IPAddress.IPv6Loopback, port.Number, SocketType.Stream)
                    : null
            );
    }

    /// <summary>Makes sure that a lab can have its ports.</summary>
    /// <exception cref="LabException">One is given twice, or cannot be had.</exception>
    public static void Require(LabTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var clash = topology.ListeningPorts.GroupBy(port => port.Number).FirstOrDefault(group => group.Count() > 1);
        if (clash is not null)
            throw new LabException(
                $"Port {clash.Key} is given twice: {string.Join(" and ", clash.Select(port => port.Option))}.",
                LabFailure.Usage
            );
        foreach (var port in topology.ListeningPorts)
        {
            switch (Refusal(port))
            {
                case null:
                    break;
                case SocketError.AddressAlreadyInUse:
                    throw new LabException(
                        $"Port {port.Number} of '{port.Resource}' is in use. End who listens there, or move the "
                            + $"resource with {port.Option}."
                    );
                case { } error:
                    throw new LabException(
                        $"Port {port.Number} of '{port.Resource}' cannot be used: {error}. Move the resource with "
                            + $"{port.Option}."
                    );
            }
        }
    }

    /// <summary>Whether this machine has ::1.</summary>
    public static bool HasIpv6Loopback() =>
        Socket.OSSupportsIPv6 && Bind(IPAddress.IPv6Loopback, 0, SocketType.Stream) is null;

    /// <summary>
    /// Ports of 127.0.0.1 that nobody listens on now, each a different one, and none that this process was given
    /// before.
    /// </summary>
    /// <remarks>
    /// They lie below the range from which a system takes the ports of outgoing connections (32768 and up on Linux,
    /// 49152 elsewhere): a port from there can be gone between here and the server that is to listen on it. Every
    /// process begins somewhere else.
    /// </remarks>
    /// <exception cref="IOException">There are not as many.</exception>
    public static int[] FindFree(int count)
    {
        var ports = new List<int>(count);
        for (var tried = 0; ports.Count < count; tried++)
        {
            if (tried == PoolSize)
                throw new IOException(
                    $"There are no {count} free ports between {PoolStart} and {PoolStart + PoolSize - 1}."
                );
            var port = PoolStart + (int)((uint)Interlocked.Increment(ref _cursor) % PoolSize);
            if (
                Bind(IPAddress.Loopback, port, SocketType.Stream) is null
                && Bind(IPAddress.Loopback, port, SocketType.Dgram) is null
            )
                ports.Add(port);
        }
        return [.. ports];
    }

    private static SocketError? Bind(IPAddress address, int port, SocketType type)
    {
        using var socket = new Socket(
            address.AddressFamily,
            type,
            type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp
        );
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
