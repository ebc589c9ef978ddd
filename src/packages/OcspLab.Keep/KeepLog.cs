using Microsoft.Extensions.Logging;

namespace OcspLab.Keep;

/// <summary>
/// What the log says, with numbers that stay. Those of fetching and verifying are the engine's, 1001–1099.
/// </summary>
internal static partial class KeepLog
{
    public const string Category = "OcspLab.Keep";

    [LoggerMessage(3001, LogLevel.Information, "staples kept: {Count}", EventName = "Keeping")]
    public static partial void Keeping(this ILogger logger, int count);

    [LoggerMessage(3002, LogLevel.Information, "{Certificate}: {Staple} → {Place}", EventName = "Given")]
    public static partial void Given(this ILogger logger, string certificate, string staple, string place);

    [LoggerMessage(
        3003,
        LogLevel.Information,
        "{Certificate} was renewed (serial {Serial}); it is taken up with its staple",
        EventName = "Renewed"
    )]
    public static partial void Renewed(this ILogger logger, string certificate, string serial);

    [LoggerMessage(3004, LogLevel.Error, "{Certificate} is revoked", EventName = "Revoked")]
    public static partial void Revoked(this ILogger logger, string certificate);

    [LoggerMessage(3005, LogLevel.Error, "{Certificate}: {Why}; it is tried again", EventName = "Stuck")]
    public static partial void Stuck(this ILogger logger, string certificate, string why);

    [LoggerMessage(3006, LogLevel.Information, "reloaded: {Command}", EventName = "Reloaded")]
    public static partial void Reloaded(this ILogger logger, string command);

    [LoggerMessage(3007, LogLevel.Error, "no reload: {Why}; it is tried again", EventName = "ReloadFailed")]
    public static partial void ReloadFailed(this ILogger logger, string why);

    [LoggerMessage(3008, LogLevel.Error, "{Why}", EventName = "CommandFailed")]
    public static partial void CommandFailed(this ILogger logger, string why);

    [LoggerMessage(3009, LogLevel.Error, "{Name} met a defect of this program", EventName = "Faulted")]
    public static partial void Faulted(this ILogger logger, string name, Exception exception);
}
