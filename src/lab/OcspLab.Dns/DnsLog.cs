using System.Net;

namespace OcspLab.Dns;

/// <summary>What the name server says, by event id.</summary>
internal static partial class DnsLog
{
    [LoggerMessage(
        4001,
        LogLevel.Information,
        "Name server on {EndPoint}, UDP and TCP",
        EventName = "NameServerStarted"
    )]
    public static partial void Started(this ILogger logger, IPEndPoint endPoint);

    [LoggerMessage(4002, LogLevel.Information, "{Transport} {Client}: {Line}", EventName = "NameServerQuery")]
    public static partial void Query(this ILogger logger, string transport, IPEndPoint client, string line);

    [LoggerMessage(4003, LogLevel.Debug, "A peer went away: {Message}", EventName = "NameServerPeerFailed")]
    public static partial void PeerFailed(this ILogger logger, string message);
}
