using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Settings;

namespace OcspLab.Responder.Responding;

/// <summary>Turns request bytes into response bytes. Thread-safe.</summary>
internal sealed partial class OcspAnswering(AuthorityDirectory authorities, AnswerSigning signing, ReadyAnswers ready, IOptions<ResponderOptions> options, TimeProvider clock, ILogger<OcspAnswering> logger)
{
    private readonly NonceHandling _nonces = options.Value.Nonces;
    private readonly X509Certificate2Collection? _requestors = options.Value.Requestors is { } file ? SignerFiles.LoadCertificates(file) : null;

    /// <summary>The way of most requests: the same bytes were asked before.</summary>
    public bool TryFindReady(ReadOnlySpan<byte> request, [NotNullWhen(true)] out OcspReply? reply)
    {
        reply = null;
        // Where requests must be signed, the ready ones are those of nobody in particular.
        return _requestors is null && ready.TryFind(request, clock.GetUtcNow(), out reply);
    }

    /// <summary>Answers a request, malformed ones included. Never throws for what a peer sent.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The boundary: whatever fails within, a client gets an OCSP answer, and the log the exception.")]
    public async Task<OcspReply> AnswerAsync(ReadOnlyMemory<byte> requestBytes, CancellationToken cancellationToken)
    {
        try
        {
            return await DecideAsync(requestBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            AnsweringFailed(logger, exception);
            return OcspReplies.Error(OcspResponseStatus.InternalError);
        }
    }

    private async Task<OcspReply> DecideAsync(ReadOnlyMemory<byte> requestBytes, CancellationToken cancellationToken)
    {
        if (!OcspRequest.TryDecode(requestBytes, out var request, out var fault))
        {
            Malformed(logger, fault);
            return OcspReplies.Error(OcspResponseStatus.MalformedRequest);
        }

        if (_nonces == NonceHandling.Ignore)
            request = request with { Nonce = null };
        OcspReply Refuse(OcspResponseStatus status) => OcspReplies.Error(status, [.. request.CertIds.Select(id => id.ToString())]);

        if (_requestors is not null)
        {
            if (request.Signature is null)
                return Refuse(OcspResponseStatus.SigRequired);
            if (!request.Signature.IsMadeUnder(_requestors, clock.GetUtcNow()))
                return Refuse(OcspResponseStatus.Unauthorized);
        }

        // Nothing is said about other authorities' certificates (RFC 9919 §3.2.3), and one signer cannot speak for two authorities.
        // Nor to a client that does not take the only type there is (RFC 6960 §4.4.3): this responder is not able to answer it.
        if (request.AcceptableResponses is { } types && !types.Contains(BasicResponse) || authorities.Find(request.CertIds) is not { } authority)
            return Refuse(OcspResponseStatus.Unauthorized);
        try
        {
            // Nobody would believe a signer that is out of date; a new one may be on its way.
            return authority.TrySelectSigner(request.PreferredSignatureAlgorithms, clock.GetUtcNow(), out var choice)
                ? await AnswerAsync(request, authority, choice, cancellationToken).ConfigureAwait(false)
                : Refuse(OcspResponseStatus.TryLater);
        }
        catch (IOException exception)
        {
            // "Cannot look" must not be told as "not there".
            SourceFailed(logger, authority.Name, exception.Message);
            return Refuse(OcspResponseStatus.TryLater);
        }
    }

    private async Task<OcspReply> AnswerAsync(OcspRequest request, Authority authority, SigningChoice choice, CancellationToken cancellationToken)
    {
        if (request is not { CertIds: [var id], Nonce: null })
            return (await SignAsync(request, authority, choice, cancellationToken).ConfigureAwait(false)).Reply;

        // However it was written, the same question has the same answer.
        var question = Authority.Question(id, choice.Preference);
        if (ready.TryFind(question, clock.GetUtcNow(), out var known))
            return known;
        var version = ready.Version;
        var signed = await SignAsync(request, authority, choice, cancellationToken).ConfigureAwait(false);
        if (signed.RenewAt is { } renewAt)
            ready.Remember(question, authority, signed.Reply, renewAt, version);
        return signed.Reply;
    }

    // A file that was taken away may still be open here and say what it used to say: the last look for changes knows better.
    private Task<SignedAnswer> SignAsync(OcspRequest request, Authority authority, SigningChoice choice, CancellationToken cancellationToken) =>
        authority.SourceFault is { } fault ? throw new IOException(fault) : signing.SignAsync(request, authority, choice, cancellationToken);

    private const string BasicResponse = "1.3.6.1.5.5.7.48.1.1";

    [LoggerMessage(2002, LogLevel.Debug, "Not an OCSP request: {Fault}", EventName = "MalformedRequest")]
    private static partial void Malformed(ILogger logger, string fault);

    [LoggerMessage(2010, LogLevel.Debug, "A client was told to try later, the statuses of {Authority} cannot be looked up: {Why}", EventName = "SourceFailed")]
    private static partial void SourceFailed(ILogger logger, string authority, string why);

    [LoggerMessage(2004, LogLevel.Error, "Answering failed; the client was told internalError", EventName = "AnsweringFailed")]
    private static partial void AnsweringFailed(ILogger logger, Exception exception);
}
