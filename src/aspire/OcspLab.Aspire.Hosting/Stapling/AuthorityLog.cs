using Microsoft.Extensions.Logging;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>What an authority says in its log.</summary>
internal static partial class AuthorityLog
{
    [LoggerMessage(1, LogLevel.Information, "{Name}: {Freshness}, serial {SerialNumber}, until {NotAfter:u}")]
    public static partial void Certificate(
        this ILogger logger,
        string name,
        string freshness,
        string serialNumber,
        DateTimeOffset notAfter
    );

    [LoggerMessage(2, LogLevel.Information, "clients must trust {RootCertificate}")]
    public static partial void RootCertificate(this ILogger logger, string rootCertificate);

    [LoggerMessage(3, LogLevel.Error, "{Message}")]
    public static partial void NotMade(this ILogger logger, string message);

    [LoggerMessage(
        4,
        LogLevel.Information,
        "responder and name server of '{Authority}' listen on {Address} as well, for nginx's container"
    )]
    public static partial void ListensBeyond(this ILogger logger, string authority, string address);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "'{Authority}' has no responder: its certificates name none, and nothing is stapled"
    )]
    public static partial void NoResponder(this ILogger logger, string authority);

    [LoggerMessage(
        6,
        LogLevel.Warning,
        "{Host} is the responder in the certificates, and there is no name server that knows it: AddNameServer adds one"
    )]
    public static partial void NoNameServer(this ILogger logger, string host);
}
