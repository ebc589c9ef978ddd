namespace OcspLab.Responder;

/// <summary>What the responder says, by event id; <c>docs/responder.md</c> lists them.</summary>
internal static partial class ResponderLog
{
    [LoggerMessage(
        2001,
        LogLevel.Information,
        "'{Subject}' signs for {Authority} until {NotAfter:u}",
        EventName = "SignerLoaded"
    )]
    public static partial void SignerLoaded(this ILogger logger, string subject, string authority, DateTime notAfter);

    [LoggerMessage(2002, LogLevel.Debug, "Not an OCSP request: {Fault}", EventName = "MalformedRequest")]
    public static partial void Malformed(this ILogger logger, string fault);

    [LoggerMessage(
        2003,
        LogLevel.Error,
        "The statuses of {Authority} cannot be looked up; clients are told to try later: {Why}",
        EventName = "SourceUnavailable"
    )]
    public static partial void SourceUnavailable(this ILogger logger, string authority, string why);

    [LoggerMessage(
        2004,
        LogLevel.Error,
        "Responding failed; the client was told internalError",
        EventName = "RespondingFailed"
    )]
    public static partial void RespondingFailed(this ILogger logger, Exception exception);

    [LoggerMessage(
        2005,
        LogLevel.Error,
        "The signer '{Subject}' of {Authority} is valid from {NotBefore:u} to {NotAfter:u} only; without another "
            + "one clients are told to try later",
        EventName = "SignerOutOfDate"
    )]
    public static partial void SignerOutOfDate(
        this ILogger logger,
        string subject,
        string authority,
        DateTime notBefore,
        DateTime notAfter
    );

    [LoggerMessage(
        2006,
        LogLevel.Information,
        "The statuses of {Authority} can be looked up again",
        EventName = "SourceRecovered"
    )]
    public static partial void SourceRecovered(this ILogger logger, string authority);

    [LoggerMessage(
        2007,
        LogLevel.Information,
        "'{Subject}' now signs for {Authority} until {NotAfter:u}",
        EventName = "SignerReplaced"
    )]
    public static partial void SignerReplaced(this ILogger logger, string subject, string authority, DateTime notAfter);

    [LoggerMessage(
        2008,
        LogLevel.Warning,
        "The new files of a signer of {Authority} are left aside: {Why}",
        EventName = "SignerRefused"
    )]
    public static partial void SignerRefused(this ILogger logger, string authority, string why);

    [LoggerMessage(
        2009,
        LogLevel.Warning,
        "The signer '{Subject}' of {Authority} ends at {NotAfter:u}; its answers end with it",
        EventName = "SignerAgeing"
    )]
    public static partial void SignerAgeing(this ILogger logger, string subject, string authority, DateTime notAfter);

    [LoggerMessage(
        2010,
        LogLevel.Debug,
        "A client was told to try later, the statuses of {Authority} cannot be looked up: {Why}",
        EventName = "SourceFailed"
    )]
    public static partial void SourceFailed(this ILogger logger, string authority, string why);

    [LoggerMessage(
        2011,
        LogLevel.Warning,
        "The clock was set back by {By}; what is ready of {Authority} is signed anew",
        EventName = "ClockSetBack"
    )]
    public static partial void ClockSetBack(this ILogger logger, TimeSpan by, string authority);

    [LoggerMessage(
        2012,
        LogLevel.Error,
        "What is kept about a certificate of {Authority} cannot be read; who asked about it was told internalError: "
            + "{Why}",
        EventName = "StatusUnreadable"
    )]
    public static partial void StatusUnreadable(this ILogger logger, string authority, string why);

    [LoggerMessage(
        2013,
        LogLevel.Error,
        "'{Subject}' cannot sign for {Authority}; without another signer what is ready is given until its end: {Why}",
        EventName = "SigningFailed"
    )]
    public static partial void SigningFailed(this ILogger logger, string subject, string authority, string why);

    [LoggerMessage(
        2014,
        LogLevel.Information,
        "'{Subject}' signs for {Authority} again",
        EventName = "SigningRecovered"
    )]
    public static partial void SigningRecovered(this ILogger logger, string subject, string authority);

    [LoggerMessage(
        2015,
        LogLevel.Debug,
        "{Signed} answers of {Authority} were signed ahead, of {Listed} certificates",
        EventName = "Presigned"
    )]
    public static partial void Presigned(this ILogger logger, string authority, int signed, int listed);

    [LoggerMessage(
        2016,
        LogLevel.Warning,
        "Answers of {Authority} cannot be signed ahead: {Why}",
        EventName = "PresigningFailed"
    )]
    public static partial void PresigningFailed(this ILogger logger, string authority, string why);

    [LoggerMessage(
        2017,
        LogLevel.Information,
        "Answers of {Authority} are signed ahead again",
        EventName = "PresigningRecovered"
    )]
    public static partial void PresigningRecovered(this ILogger logger, string authority);

    [LoggerMessage(
        2018,
        LogLevel.Information,
        "{Count} answers in {Store} are still true, and given again",
        EventName = "AnswersLoaded"
    )]
    public static partial void AnswersLoaded(this ILogger logger, string store, int count);

    [LoggerMessage(2019, LogLevel.Error, "{Store} cannot be used: {Why}", EventName = "AnswerStoreFailed")]
    public static partial void AnswerStoreFailed(this ILogger logger, string store, string why);

    [LoggerMessage(
        2020,
        LogLevel.Warning,
        "{Authority} lists {Listed} certificates, and only {Most} are signed for ahead: MaximumCachedResponses",
        EventName = "TooManyToPresign"
    )]
    public static partial void TooManyToPresign(this ILogger logger, string authority, int listed, int most);

    [LoggerMessage(2021, LogLevel.Information, "The token of {Path} was replaced", EventName = "AdminTokenReplaced")]
    public static partial void AdminTokenReplaced(this ILogger logger, string path);

    [LoggerMessage(
        2022,
        LogLevel.Error,
        "The token of {Path} cannot be used, and the one before still counts: {Why}",
        EventName = "AdminTokenRefused"
    )]
    public static partial void AdminTokenRefused(this ILogger logger, string path, string why);

    [LoggerMessage(2023, LogLevel.Error, "The audit log cannot be written: {Why}", EventName = "AuditFailed")]
    public static partial void AuditFailed(this ILogger logger, string why);
}
