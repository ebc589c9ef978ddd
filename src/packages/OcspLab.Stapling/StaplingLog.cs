using Microsoft.Extensions.Logging;
using OcspLab.Stapling.Status;

namespace OcspLab.Stapling;

/// <summary>What the engine says, by event id; <c>docs/events.md</c> lists them.</summary>
internal static partial class StaplingLog
{
    [LoggerMessage(
        1001,
        LogLevel.Information,
        "{Count} staples at hand after {Milliseconds} ms",
        EventName = "StaplesPrefetched"
    )]
    public static partial void Prefetched(this ILogger logger, int count, long milliseconds);

    [LoggerMessage(
        1002,
        LogLevel.Warning,
        "{Have} of {Wanted} staples at hand after {Milliseconds} ms; the port opens now, refreshing goes on",
        EventName = "PrefetchIncomplete"
    )]
    public static partial void PrefetchIncomplete(this ILogger logger, int have, int wanted, long milliseconds);

    [LoggerMessage(
        1003,
        LogLevel.Debug,
        "The newest staple of '{Certificate}' serves until {ExpiresAt:u}; next refresh in {Wait}",
        EventName = "StapleRefreshed"
    )]
    public static partial void Refreshed(
        this ILogger logger,
        string certificate,
        DateTimeOffset expiresAt,
        TimeSpan wait
    );

    [LoggerMessage(
        1004,
        LogLevel.Error,
        "The certificate '{Certificate}' was revoked at {RevokedAt:u}, reason {Reason}. Replace it",
        EventName = "CertificateRevoked"
    )]
    public static partial void Revoked(
        this ILogger logger,
        string certificate,
        DateTimeOffset revokedAt,
        string reason
    );

    [LoggerMessage(
        1005,
        LogLevel.Warning,
        "No new staple for '{Certificate}': {Why}. The last one serves until {ExpiresAt:u}; next try in {Wait}",
        EventName = "RefreshFailed"
    )]
    public static partial void RefreshFailed(
        this ILogger logger,
        string certificate,
        string why,
        DateTimeOffset expiresAt,
        TimeSpan wait
    );

    [LoggerMessage(
        1006,
        LogLevel.Error,
        "Nothing to staple for '{Certificate}': {Why}. Next try in {Wait}",
        EventName = "NothingToStaple"
    )]
    public static partial void NothingToStaple(this ILogger logger, string certificate, string why, TimeSpan wait);

    [LoggerMessage(
        1028,
        LogLevel.Error,
        "Handshakes with '{Certificate}', which must be stapled (RFC 7633), are refused until there is a staple: "
            + "{Why}. Next try in {Wait}. OcspStapling:MustStaple=Serve would serve clients that do not insist",
        EventName = "HandshakesRefused"
    )]
    public static partial void HandshakesRefused(this ILogger logger, string certificate, string why, TimeSpan wait);

    [LoggerMessage(
        1007,
        LogLevel.Error,
        "The staple of '{Certificate}' expired at {ExpiresAt:u}; nothing is stapled until a new one is there",
        EventName = "StapleExpired"
    )]
    public static partial void Expired(this ILogger logger, string certificate, DateTimeOffset expiresAt);

    [LoggerMessage(
        1008,
        LogLevel.Information,
        "'{Certificate}' names no OCSP responder: nothing to staple, and nothing is wrong",
        EventName = "NoOcspUrl"
    )]
    public static partial void NoUrl(this ILogger logger, string certificate);

    [LoggerMessage(
        1009,
        LogLevel.Error,
        "Nothing can be stapled for '{Certificate}': {Why}. Append the issuer's certificate to the file of the chain, "
            + "or name its PEM file in OcspStapling:Issuers",
        EventName = "IssuerMissing"
    )]
    public static partial void NoIssuer(this ILogger logger, string certificate, string why);

    [LoggerMessage(
        1010,
        LogLevel.Information,
        "The responder of '{Certificate}' answers again; the new staple serves until {ExpiresAt:u}",
        EventName = "ResponderRecovered"
    )]
    public static partial void Recovered(this ILogger logger, string certificate, DateTimeOffset expiresAt);

    [LoggerMessage(
        1011,
        LogLevel.Error,
        "Refreshing the staple of '{Certificate}' failed in a way that nobody foresaw; it goes on",
        EventName = "RefreshFaulted"
    )]
    public static partial void RefreshFaulted(this ILogger logger, string certificate, Exception exception);

    [LoggerMessage(
        1012,
        LogLevel.Warning,
        "The certificate '{Certificate}' was revoked and is good again",
        EventName = "CertificateRestored"
    )]
    public static partial void Restored(this ILogger logger, string certificate);

    [LoggerMessage(
        1013,
        LogLevel.Error,
        "Nothing can be stapled for '{Certificate}': {Why}",
        EventName = "CertificateUnusable"
    )]
    public static partial void Unusable(this ILogger logger, string certificate, string why);

    [LoggerMessage(
        1014,
        LogLevel.Error,
        "The certificate '{Certificate}' has expired; its staple is not refreshed any more",
        EventName = "CertificateExpired"
    )]
    public static partial void CertificateExpired(this ILogger logger, string certificate);

    [LoggerMessage(
        1027,
        LogLevel.Information,
        "The certificate '{Certificate}' was replaced; its staple is not refreshed any more",
        EventName = "CertificateRetired"
    )]
    public static partial void Retired(this ILogger logger, string certificate);

    [LoggerMessage(1015, LogLevel.Information, "Stapling is turned off for '{Certificate}'", EventName = "StaplingOff")]
    public static partial void TurnedOff(this ILogger logger, string certificate);

    [LoggerMessage(
        1016,
        LogLevel.Information,
        "The stored staple of '{Certificate}' serves until {ExpiresAt:u}; the responder is asked in {Wait}",
        EventName = "StapleLoaded"
    )]
    public static partial void Loaded(this ILogger logger, string certificate, DateTimeOffset expiresAt, TimeSpan wait);

    [LoggerMessage(
        1017,
        LogLevel.Information,
        "What is stored for '{Certificate}' is not a staple that can be used, and is passed over: {Why}",
        EventName = "StoredStapleRejected"
    )]
    public static partial void StoredRejected(this ILogger logger, string certificate, string why);

    [LoggerMessage(
        1018,
        LogLevel.Warning,
        "The store of staples fails ({Why}). Stapling goes on without it; what is stapled now is gone "
            + "with a restart",
        EventName = "StoreFailed"
    )]
    public static partial void StoreFailed(this ILogger logger, string why);

    [LoggerMessage(1019, LogLevel.Information, "The store of staples works again", EventName = "StoreRecovered")]
    public static partial void StoreRecovered(this ILogger logger);

    [LoggerMessage(
        1020,
        LogLevel.Information,
        "OCSP stapling: verified staples are handed to handshakes ({Runtime})",
        EventName = "StaplingVerified"
    )]
    public static partial void Verified(this ILogger logger, string runtime);

    [LoggerMessage(
        1021,
        LogLevel.Error,
        "OCSP stapling does not work: {Why}. The runtime's own stapling, which verifies less, stays in force. Look "
            + "for a newer OcspLab.Stapling",
        EventName = "StaplingRuntimeOwn"
    )]
    public static partial void RuntimeOwn(this ILogger logger, string why);

    [LoggerMessage(
        1022,
        LogLevel.Warning,
        "OCSP stapling: {System} takes no staples from outside. Windows staples by itself, macOS not at all",
        EventName = "StaplingUnsupported"
    )]
    public static partial void Unsupported(this ILogger logger, string system);

    [LoggerMessage(
        1023,
        LogLevel.Warning,
        "OCSP stapling is registered, but there is no HTTPS endpoint",
        EventName = "StaplingUnused"
    )]
    public static partial void NoEndpoint(this ILogger logger);

    /// <summary>The category of all of it.</summary>
    public const string Category = "OcspLab.Stapling";

    [LoggerMessage(
        1029,
        LogLevel.Information,
        "The settings of stapling have changed; {Count} certificate(s) are looked at again at once",
        EventName = "SettingsChanged"
    )]
    public static partial void SettingsChanged(this ILogger logger, int count);

    [LoggerMessage(
        1030,
        LogLevel.Error,
        "No handshake context can be made of '{Certificate}'; its handshakes fail",
        EventName = "ContextFaulted"
    )]
    public static partial void ContextFaulted(this ILogger logger, string certificate, Exception exception);

    [LoggerMessage(
        1031,
        LogLevel.Error,
        "Every handshake with '{Certificate}' is refused: it must be stapled (RFC 7633), and OcspStapling:Certificates "
            + "turns stapling off for it. Take that setting out, or set OcspStapling:MustStaple=Serve for clients that "
            + "do not insist",
        EventName = "MustStapleTurnedOff"
    )]
    private static partial void MustStapleTurnedOff(this ILogger logger, string certificate);

    [LoggerMessage(
        1032,
        LogLevel.Error,
        "Every handshake with '{Certificate}' is refused: it must be stapled (RFC 7633), and names no OCSP responder. "
            + "Name one in OcspStapling:Responder, or set OcspStapling:MustStaple=Serve for clients that do not insist",
        EventName = "MustStapleWithoutUrl"
    )]
    private static partial void MustStapleWithoutUrl(this ILogger logger, string certificate);

    /// <summary>Why nothing is to be stapled for a certificate, and what that means.</summary>
    public static void NothingWanted(
        this ILogger logger,
        string certificate,
        StapleSourceKind source,
        bool isMustStaple,
        MustStaplePolicy policy
    )
    {
        var isRefused = isMustStaple && policy == MustStaplePolicy.Refuse;
        switch (source)
        {
            case StapleSourceKind.None when isRefused:
                logger.MustStapleWithoutUrl(certificate);
                break;
            case StapleSourceKind.None:
                logger.NoUrl(certificate);
                break;
            case StapleSourceKind.Off when isRefused:
                logger.MustStapleTurnedOff(certificate);
                break;
            case StapleSourceKind.Off:
                logger.TurnedOff(certificate);
                break;
        }
    }

    [LoggerMessage(
        1038,
        LogLevel.Warning,
        "'{Certificate}' has no staple yet: '{Predecessor}', for the same names and stapled, goes on serving for now",
        EventName = "PredecessorServes"
    )]
    public static partial void PredecessorServes(this ILogger logger, string certificate, string predecessor);

    [LoggerMessage(
        1033,
        LogLevel.Warning,
        "OcspStapling:{Key} is no setting, and is passed over; there are {Known}",
        EventName = "SettingUnknown"
    )]
    public static partial void SettingUnknown(this ILogger logger, string key, string known);

    [LoggerMessage(1034, LogLevel.Information, "Staples are kept in {Place}", EventName = "StaplesKept")]
    public static partial void StaplesKept(this ILogger logger, string place);

    [LoggerMessage(
        1035,
        LogLevel.Warning,
        "Staples are not kept: {Why}. After a restart there are none until each responder has answered. Set "
            + "OcspStapling:StorageDirectory to a directory that this process may write and that outlives it",
        EventName = "StaplesNotKept"
    )]
    public static partial void StaplesNotKept(this ILogger logger, string why);

    [LoggerMessage(
        1036,
        LogLevel.Error,
        "A handler of StaplingOptions.Events failed for '{Certificate}'; stapling goes on",
        EventName = "EventFaulted"
    )]
    public static partial void EventFaulted(this ILogger logger, string certificate, Exception exception);

    [LoggerMessage(
        1037,
        LogLevel.Error,
        "Looking after the certificates failed in a way that nobody foresaw; it goes on in a minute",
        EventName = "UpkeepFaulted"
    )]
    public static partial void UpkeepFaulted(this ILogger logger, Exception exception);

    [LoggerMessage(
        1039,
        LogLevel.Warning,
        "OCSP stapling: verified staples are handed to handshakes; whether they arrive is not known, because {Why}",
        EventName = "StaplingUnproven"
    )]
    public static partial void Unproven(this ILogger logger, string why);

    [LoggerMessage(
        1040,
        LogLevel.Warning,
        "The distributed locks fail ({Why}). Meanwhile the store's own lease decides which instance asks, which is "
            + "less sure: a responder may be asked twice",
        EventName = "LocksFailed"
    )]
    public static partial void LocksFailed(this ILogger logger, string why);

    [LoggerMessage(
        1041,
        LogLevel.Warning,
        "The channel between the instances fails ({Why}). Each looks into the store when its time comes",
        EventName = "ChannelFailed"
    )]
    public static partial void ChannelFailed(this ILogger logger, string why);

    [LoggerMessage(
        1042,
        LogLevel.Information,
        "The channel between the instances works again",
        EventName = "ChannelRecovered"
    )]
    public static partial void ChannelRecovered(this ILogger logger);
}
