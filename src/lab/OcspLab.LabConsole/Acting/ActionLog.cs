namespace OcspLab.LabConsole.Acting;

/// <summary>What the console says, by event id.</summary>
internal static partial class ActionLog
{
    [LoggerMessage(5101, LogLevel.Error, "'{Action}' failed in a way that nobody foresaw", EventName = "ActionFailed")]
    public static partial void Failed(this ILogger logger, string action, Exception exception);
}
