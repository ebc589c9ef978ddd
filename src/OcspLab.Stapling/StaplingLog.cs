using Microsoft.Extensions.Logging;

namespace OcspLab.Stapling;

/// <summary>What the engine says, by event id.</summary>
internal sealed partial class StaplingEngine
{
    [LoggerMessage(1001, LogLevel.Information, "{Count} staples at hand after {Milliseconds} ms", EventName = "StaplesPrefetched")]
    private static partial void Prefetched(ILogger logger, int count, long milliseconds);

    [LoggerMessage(1002, LogLevel.Warning, "{Have} of {Wanted} staples at hand after {Milliseconds} ms; the port opens now, refreshing goes on", EventName = "PrefetchIncomplete")]
    private static partial void PrefetchIncomplete(ILogger logger, int have, int wanted, long milliseconds);

    [LoggerMessage(1003, LogLevel.Debug, "Staple of '{Certificate}' is good until {ExpiresAt:u}; next refresh in {Wait}", EventName = "StapleRefreshed")]
    private static partial void Refreshed(ILogger logger, string certificate, DateTimeOffset expiresAt, TimeSpan wait);

    [LoggerMessage(1004, LogLevel.Error, "The certificate '{Certificate}' was revoked at {RevokedAt:u}, reason {Reason}. Replace it", EventName = "CertificateRevoked")]
    private static partial void Revoked(ILogger logger, string certificate, DateTimeOffset revokedAt, string reason);

    [LoggerMessage(1005, LogLevel.Warning, "No new staple for '{Certificate}': {Why}. The last one serves until {ExpiresAt:u}; next try in {Wait}", EventName = "RefreshFailed")]
    private static partial void RefreshFailed(ILogger logger, string certificate, string why, DateTimeOffset expiresAt, TimeSpan wait);

    [LoggerMessage(1006, LogLevel.Error, "Nothing to staple for '{Certificate}': {Why}. Next try in {Wait}", EventName = "NothingToStaple")]
    private static partial void NothingToStaple(ILogger logger, string certificate, string why, TimeSpan wait);

    [LoggerMessage(1007, LogLevel.Error, "The staple of '{Certificate}' expired at {ExpiresAt:u}; nothing is stapled until a new one is there", EventName = "StapleExpired")]
    private static partial void Expired(ILogger logger, string certificate, DateTimeOffset expiresAt);

    [LoggerMessage(1008, LogLevel.Information, "'{Certificate}' names no OCSP responder: nothing to staple, and nothing is wrong", EventName = "NoOcspUrl")]
    private static partial void NoUrl(ILogger logger, string certificate);

    [LoggerMessage(1009, LogLevel.Error, "Nothing can be stapled for '{Certificate}': the certificate of its issuer '{Issuer}' is not at hand. Configure the full chain", EventName = "IssuerMissing")]
    private static partial void NoIssuer(ILogger logger, string certificate, string issuer);

    [LoggerMessage(1010, LogLevel.Information, "The responder of '{Certificate}' answers again; the new staple serves until {ExpiresAt:u}", EventName = "ResponderRecovered")]
    private static partial void Recovered(ILogger logger, string certificate, DateTimeOffset expiresAt);

    [LoggerMessage(1011, LogLevel.Error, "Refreshing the staple of '{Certificate}' failed in a way that nobody foresaw; it goes on", EventName = "RefreshFaulted")]
    private static partial void RefreshFaulted(ILogger logger, string certificate, Exception exception);

    [LoggerMessage(1012, LogLevel.Warning, "The certificate '{Certificate}' was revoked and is good again", EventName = "CertificateRestored")]
    private static partial void Restored(ILogger logger, string certificate);

    [LoggerMessage(1013, LogLevel.Error, "Nothing can be stapled for '{Certificate}': {Why}", EventName = "CertificateUnusable")]
    private static partial void Unusable(ILogger logger, string certificate, string why);

    [LoggerMessage(1014, LogLevel.Error, "The certificate '{Certificate}' has expired; its staple is not refreshed any more", EventName = "CertificateExpired")]
    private static partial void CertificateExpired(ILogger logger, string certificate);
}
