using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp;

namespace OcspLab.Responder;

/// <summary>Turns request bytes into response bytes. Thread-safe.</summary>
internal sealed partial class OcspAnswering : IDisposable
{
    private readonly SqliteCertificateRegistry _registry;
    private readonly ResponderOptions _options;
    private readonly ResponderMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<OcspAnswering> _logger;
    private readonly X509Certificate2 _issuer;
    private readonly OcspSubject _issuerNames;
    private readonly OcspSigningKey _key;
    private readonly ReadyAnswers _ready;
    private readonly DatabaseWatch _watch;
    private readonly Lock _watching = new();
    private long _watchedAt;

    public OcspAnswering(SqliteCertificateRegistry registry, IOptions<ResponderOptions> options, ResponderMetrics metrics, TimeProvider clock, ILogger<OcspAnswering> logger)
    {
        _registry = registry;
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        _issuer = SignerFiles.LoadCertificate(_options.IssuerCertificate);
        _issuerNames = OcspSubject.FromSerial(0, _issuer);
        _key = new OcspSigningKey(SignerFiles.LoadWithKey(_options.SignerCertificate, _options.SignerKey, _options.SignerPasswordFile));
        _ready = new ReadyAnswers(_options.MaximumReadyAnswers);
        _registry.Changed += _ready.Forget;
        _watch = _registry.Watch();
        _watchedAt = _clock.GetTimestamp();
        SignerLoaded(_logger, _key.Certificate.Subject, _key.Certificate.NotAfter.ToUniversalTime());
    }

    /// <summary>Answers a request, malformed ones included. Never throws for what a peer sent.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The boundary: whatever fails within, a client gets an OCSP answer, and the log the exception.")]
    public OcspReply Answer(ReadOnlyMemory<byte> requestBytes, string method)
    {
        OcspReply? reply;
        try
        {
            LookForOthersChanges();
            if (!_ready.TryFind(requestBytes.Span, _clock.GetUtcNow(), out reply))
                reply = Reply(requestBytes);
        }
        catch (Exception exception)
        {
            AnsweringFailed(_logger, exception);
            reply = Error(OcspResponseStatus.InternalError);
        }

        _metrics.Answered(method, reply.Outcome);
        return reply;
    }

    /// <summary>True when the key signs and the registry answers.</summary>
    public bool IsHealthy()
    {
        try
        {
            _registry.Find("");
            return _key.Certificate.NotAfter.ToUniversalTime() > _clock.GetUtcNow();
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _registry.Changed -= _ready.Forget;
        _watch.Dispose();
        _key.Dispose();
        _issuer.Dispose();
    }

    /// <summary>Another process may write to the database too: its changes are in the answers a second later.</summary>
    private void LookForOthersChanges()
    {
        if (_clock.GetElapsedTime(Volatile.Read(ref _watchedAt)) < TimeSpan.FromSeconds(1) || !_watching.TryEnter())
            return;
        try
        {
            Volatile.Write(ref _watchedAt, _clock.GetTimestamp());
            if (_watch.HasChanged())
                _ready.Forget(null);
        }
        catch (SqliteException exception)
        {
            // What is ready may be outdated, and looking it up anew would fail as well.
            _ready.Forget(null);
            RegistryUnavailable(_logger, exception);
        }
        finally
        {
            _watching.Exit();
        }
    }

    private OcspReply Reply(ReadOnlyMemory<byte> requestBytes)
    {
        if (!OcspRequest.TryDecode(requestBytes, out var request, out var fault))
        {
            Malformed(_logger, fault);
            return Error(OcspResponseStatus.MalformedRequest);
        }

        try
        {
            // Nothing is said about other authorities' certificates (RFC 9919 §3.2.3).
            if (!request.CertIds.All(IsOurs))
                return Error(OcspResponseStatus.Unauthorized);
            if (_key.Certificate.NotAfter.ToUniversalTime() <= _clock.GetUtcNow())
            {
                // Nobody would believe it; a new signer may be on its way.
                SignerExpired(_logger, _key.Certificate.Subject, _key.Certificate.NotAfter.ToUniversalTime());
                return Error(OcspResponseStatus.TryLater);
            }

            // However it was written, the same question has the same answer, and only plain questions are remembered.
            if (request is not { CertIds: [var id], Nonce: null })
                return Sign(request).Reply;
            var question = new OcspRequest { CertIds = [id] }.Encode();
            if (_ready.TryFind(question, _clock.GetUtcNow(), out var ready))
                return ready;
            var version = _ready.Version;
            var (reply, renewAt) = Sign(request);
            // There is no end to serials that were never issued; and one may be issued at any moment.
            if (reply.Outcome != Unknown)
                _ready.Remember(question, id.ToString(), reply, renewAt, version);
            return reply;
        }
        catch (IOException exception)
        {
            // "Cannot look" must not be told as "not there".
            RegistryUnavailable(_logger, exception);
            return Error(OcspResponseStatus.TryLater);
        }
    }

    private (OcspReply Reply, DateTimeOffset RenewAt) Sign(OcspRequest request)
    {
        var now = _clock.GetUtcNow();
        var nextUpdate = now + _options.Validity;
        if (nextUpdate > _key.Certificate.NotAfter.ToUniversalTime())
            nextUpdate = _key.Certificate.NotAfter.ToUniversalTime();

        var answers = request.CertIds.Select(id => Look(id, now, nextUpdate)).ToArray();
        var body = OcspResponseBuilder.Build(answers, _key, _issuer, now, new OcspSigningOptions { Nonce = request.Nonce });
        var outcome = answers.Length == 1 ? answers[0].Status.Kind.ToString().ToLowerInvariant() : "several";
        var renewAt = RenewAt(now, nextUpdate);
        var cacheable = answers.Length == 1 && request.Nonce is null && outcome != Unknown;
        return (new OcspReply(body, outcome, cacheable ? new Caching(body, answers[0].ThisUpdate, nextUpdate, renewAt, _options.MaximumCacheAge) : null), renewAt);
    }

    private OcspAnswer Look(CertId id, DateTimeOffset now, DateTimeOffset nextUpdate)
    {
        var certificate = _registry.Find(id.ToString());
        var status = certificate switch
        {
            null => CertStatus.Unknown,
            { RevokedAt: { } at } => CertStatus.Revoked(at, certificate.Reason),
            _ => CertStatus.Good,
        };

        // Dated back for clocks that lag, but never to before the change that it reports.
        var thisUpdate = now - _options.Backdate;
        if (certificate?.ChangedAt > thisUpdate)
            thisUpdate = certificate.ChangedAt.Value;
        return new OcspAnswer(id, status, thisUpdate, nextUpdate);
    }

    private bool IsOurs(CertId id)
    {
        var own = _issuerNames.ToCertId(id.Hash);
        return own.IssuerKeyHash.Span.SequenceEqual(id.IssuerKeyHash.Span) && own.IssuerNameHash.Span.SequenceEqual(id.IssuerNameHash.Span);
    }

    /// <summary>When an answer makes room for a newer one (BR 4.9.9): at half of its life, or eight hours before its end where it lives for sixteen or more.</summary>
    private static DateTimeOffset RenewAt(DateTimeOffset now, DateTimeOffset nextUpdate)
    {
        var life = nextUpdate - now;
        return life < TimeSpan.FromHours(16) ? now + life / 2 : nextUpdate - TimeSpan.FromHours(8);
    }

    private const string Unknown = "unknown";

    private static OcspReply Error(OcspResponseStatus status) =>
        new(OcspResponseBuilder.BuildError(status), RequestCount.Name(status), null);

    [LoggerMessage(2001, LogLevel.Information, "Answers are signed by '{Subject}' until {NotAfter:u}", EventName = "SignerLoaded")]
    private static partial void SignerLoaded(ILogger logger, string subject, DateTime notAfter);

    [LoggerMessage(2005, LogLevel.Error, "The signer '{Subject}' expired at {NotAfter:u}; clients are told to try later", EventName = "SignerExpired")]
    private static partial void SignerExpired(ILogger logger, string subject, DateTime notAfter);

    [LoggerMessage(2002, LogLevel.Debug, "Not an OCSP request: {Fault}", EventName = "MalformedRequest")]
    private static partial void Malformed(ILogger logger, string fault);

    [LoggerMessage(2003, LogLevel.Error, "The registry cannot be read; clients are told to try later", EventName = "RegistryUnavailable")]
    private static partial void RegistryUnavailable(ILogger logger, Exception exception);

    [LoggerMessage(2004, LogLevel.Error, "Answering failed; the client was told internalError", EventName = "AnsweringFailed")]
    private static partial void AnsweringFailed(ILogger logger, Exception exception);
}
