using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Responding;

/// <summary>Turns request bytes into response bytes. Thread-safe.</summary>
internal sealed class OcspResponder(
    AuthorityDirectory authorities,
    ResponseFactory factory,
    ResponseCache cache,
    ISharedAnswers shared,
    IOptions<ResponderOptions> options,
    TimeProvider clock,
    ILogger<OcspResponder> logger
)
{
    private readonly X509Certificate2Collection? _requestors = options.Value.Requestors is { } file
        ? SignerFiles.LoadCertificates(file)
        : null;

    /// <summary>The way of most requests: the same bytes were asked before.</summary>
    public bool TryGetCached(ReadOnlySpan<byte> request, [NotNullWhen(true)] out PreparedResponse? response)
    {
        response = null;
        // Where requests must be signed, the cached responses are those of nobody in particular.
        return _requestors is null && cache.TryFind(request, clock.GetUtcNow(), out response);
    }

    /// <summary>
    /// Responds to a request that is not cached as it is, malformed ones included. Never throws for what a peer sent.
    /// </summary>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The boundary: whatever fails within, a client gets an OCSP response, and the log the "
            + "exception."
    )]
    public async Task<PreparedResponse> RespondAsync(ReadOnlyMemory<byte> encoded, CancellationToken cancellationToken)
    {
        try
        {
            if (OcspRequest.TryDecode(encoded, out var request, out var fault))
                return await RespondAsync(request, cancellationToken).ConfigureAwait(false);
            logger.Malformed(fault.Detail);
            return PreparedResponse.Error(
                fault.Kind == OcspRequestFaultKind.UnknownHash
                    ? OcspResponseStatus.Unauthorized
                    : OcspResponseStatus.MalformedRequest
            );
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.RespondingFailed(exception);
            return PreparedResponse.Error(OcspResponseStatus.InternalError);
        }
    }

    private async Task<PreparedResponse> RespondAsync(OcspRequest request, CancellationToken cancellationToken)
    {
        if (RefusalOf(request) is { } refusal)
            return Refuse(request, refusal);
        // Nothing is said about other authorities' certificates (RFC 9919 §3.2.3), and one signer cannot speak for two
        // authorities.
        if (authorities.Find(request.CertIds) is not { } authority)
            return Refuse(request, OcspResponseStatus.Unauthorized);
        if (authority.Policy.Nonces == NonceHandling.Ignore)
            request = request with { Nonce = null };
        if (!request.CertIds.All(id => authority.MayHaveIssued(id.ToString())))
            return Refuse(request, OcspResponseStatus.Unauthorized);
        // Before the signer is chosen: a change that comes between must be seen.
        var version = cache.Version;
        // Nobody would believe a signer that is out of date; a new one may be on its way.
        if (!authority.TrySelectSigner(request.PreferredSignatureAlgorithms, clock.GetUtcNow(), out var signing))
            return FindOld(request, null) ?? Refuse(request, OcspResponseStatus.TryLater);
        try
        {
            return await FindOrSignAsync(request, authority, signing, version, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            // "Cannot look" must not be told as "not there".
            logger.SourceFailed(authority.Name, exception.Message);
            return Refuse(request, OcspResponseStatus.TryLater);
        }
        catch (InvalidDataException exception)
        {
            if (authority.IsTimeToTellOfRow(clock))
                logger.StatusUnreadable(authority.Name, exception.Message);
            return Refuse(request, OcspResponseStatus.InternalError);
        }
    }

    /// <summary>Why a request gets no response whoever it is about, or null.</summary>
    private OcspResponseStatus? RefusalOf(OcspRequest request)
    {
        if (_requestors is not null && request.Signature is null)
            return OcspResponseStatus.SigRequired;
        if (_requestors is not null && !request.Signature!.IsMadeUnder(_requestors, clock.GetUtcNow()))
            return OcspResponseStatus.Unauthorized;
        // A client that does not take the only type there is (RFC 6960 §4.4.3): this responder is not able to serve it.
        if (request.AcceptableResponses is { } types && !types.Contains(BasicResponse))
            return OcspResponseStatus.Unauthorized;
        return null;
    }

    private async Task<PreparedResponse> FindOrSignAsync(
        OcspRequest request,
        Authority authority,
        SigningChoice signing,
        long version,
        CancellationToken cancellationToken
    )
    {
        // However it was written, the same question has the same response.
        var question = request is { CertIds: [var id], Nonce: null }
            ? Authority.Question(id, signing.Preference)
            : null;
        if (question is not null && cache.TryFind(question, clock.GetUtcNow(), out var known))
            return known;
        // Not where a client prefers an algorithm: those are not shared.
        if (
            question is not null
            && signing.Preference is null
            && await shared.FindAsync(question, authority, request.CertIds[0], cancellationToken).ConfigureAwait(false)
                is { } others
        )
            return others;
        var fresh = await SignAsync(request, authority, signing, cancellationToken).ConfigureAwait(false);
        // Another signer may stand in for one whose key is away.
        while (
            fresh.Unsigned is { Why: WhyUnsigned.NoKey }
            && authority.TrySelectSigner(null, clock.GetUtcNow(), out var another)
            && another.Signer != signing.Signer
        )
        {
            signing = another;
            question = question is null ? null : Authority.Question(request.CertIds[0], null);
            fresh = await SignAsync(request, authority, signing, cancellationToken).ConfigureAwait(false);
        }

        if (fresh.Unsigned is { } unsigned)
            return FindOld(request, unsigned.Known) ?? fresh.Response;
        if (
            question is not null
            && fresh.Shelf is { } shelf
            && cache.Remember(question, authority, fresh.Response, shelf, version)
            && signing.Preference is null
        )
            _ = shared.SaveAsync(question, authority, fresh.Response, version);
        return fresh.Response;
    }

    /// <summary>
    /// What was signed before, until its end; but not where it is known by now that it is not so any more.
    /// </summary>
    private PreparedResponse? FindOld(OcspRequest request, ResponseOutcome? known) =>
        request is { CertIds: [var id], Nonce: null }
        && cache.TryFindOld(Authority.Question(id, null), clock.GetUtcNow(), out var old)
        && (known is null || known == old.Outcome)
            ? old
            : null;

    // A file that was taken away may still be open here and say what it used to say: the last look for changes knows
    // better.
    private Task<FreshResponse> SignAsync(
        OcspRequest request,
        Authority authority,
        SigningChoice signing,
        CancellationToken cancellationToken
    ) =>
        authority.SourceFault is { } fault
            ? throw new IOException(fault)
            : factory.SignAsync(request, authority, signing, cancellationToken);

    private static PreparedResponse Refuse(OcspRequest request, OcspResponseStatus status) =>
        PreparedResponse.Error(status, [.. request.CertIds.Select(id => id.ToString())]);

    private const string BasicResponse = "1.3.6.1.5.5.7.48.1.1";
}
