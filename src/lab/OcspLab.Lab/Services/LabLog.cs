using Microsoft.Extensions.Logging;

namespace OcspLab.Lab.Services;

/// <summary>What the lab says, by event id.</summary>
internal static partial class LabLog
{
    [LoggerMessage(
        3001,
        LogLevel.Information,
        "The OCSP signer was made anew: {Certificate}",
        EventName = "SignerRenewed"
    )]
    public static partial void SignerRenewed(this ILogger logger, string certificate);

    [LoggerMessage(
        3002,
        LogLevel.Warning,
        "The OCSP signer could not be made anew: {Why}",
        EventName = "SignerRenewalFailed"
    )]
    public static partial void SignerRenewalFailed(this ILogger logger, string why);
}
