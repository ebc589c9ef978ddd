using Microsoft.Extensions.Logging;

namespace OcspLab.Ocsp.Settings;

/// <summary>What the protocol library says, by event id; <c>docs/events.md</c> lists them.</summary>
internal static partial class OcspLog
{
    [LoggerMessage(
        1024,
        LogLevel.Error,
        "The changed settings are not valid and are left aside; those before stay in force: {Why}",
        EventName = "SettingsRejected"
    )]
    public static partial void SettingsRejected(this ILogger logger, string why);
}
