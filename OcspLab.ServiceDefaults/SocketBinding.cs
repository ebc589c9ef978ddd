using System.Net;
using System.Net.Sockets;

namespace OcspLab.ServiceDefaults;

/// <summary>Whether an address must be there when a service starts to listen on it.</summary>
public enum AddressBinding
{
    /// <summary>It must be; what isn't is an error at start.</summary>
    Present,

    /// <summary>
    /// It may come later, and go and come again: a container network's gateway is there only while a container is.
    /// Linux only (IP_FREEBIND of ip(7), <c>FreeBind=</c> of systemd).
    /// </summary>
    Free,
}

/// <summary>Reads the addresses that a service listens on, and binds to them.</summary>
public static class SocketBinding
{
    /// <summary>The addresses of a list that is separated by commas.</summary>
    /// <exception cref="FormatException">One of them is none.</exception>
    public static IReadOnlyList<IPAddress> Parse(string addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        return
        [
            .. addresses
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(IPAddress.Parse),
        ];
    }

    /// <summary>What of such a list is no address, or null.</summary>
    public static string? Fault(string addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        var parts = addresses.Split(',', StringSplitOptions.TrimEntries);
        return Array.Find(parts, part => !IPAddress.TryParse(part, out _)) is { } part
            ? $"'{part}' is not an IP address."
            : null;
    }

    /// <summary>
    /// Makes the next <see cref="Socket.Bind"/> succeed without the address, where that is wanted and the system can.
    /// </summary>
    public static void Prepare(this AddressBinding binding, Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (
            binding == AddressBinding.Free
            && OperatingSystem.IsLinux()
            && socket.AddressFamily == AddressFamily.InterNetwork
        )
            socket.SetRawSocketOption(IpLevel, IpFreeBind, BitConverter.GetBytes(1));
    }

    // SOL_IP and IP_FREEBIND of linux/in.h
    private const int IpLevel = 0;
    private const int IpFreeBind = 15;
}
