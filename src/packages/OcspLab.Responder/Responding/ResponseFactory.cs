using System.Security.Cryptography;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Ocsp.Verification;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Responding;

/// <summary>
/// Looks statuses up and signs what is said of them, as many at once as <see cref="SigningGate"/> lets. Thread-safe.
/// </summary>
internal sealed class ResponseFactory(
    SigningGate gate,
    ResponderMetrics metrics,
    TimeProvider clock,
    ILogger<ResponseFactory> logger
)
{
    /// <summary>Signs a response to all that a request asks about.</summary>
    /// <exception cref="IOException">The source cannot be asked.</exception>
    /// <exception cref="InvalidDataException">What the source keeps about one of them cannot be read.</exception>
    public async Task<FreshResponse> SignAsync(
        OcspRequest request,
        Authority authority,
        SigningChoice choice,
        CancellationToken cancellationToken
    )
    {
        var now = clock.GetUtcNow();
        var policy = authority.Policy;
        var latest = Earlier(
            now + policy.Validity,
            choice.Key.Certificate.NotAfter.ToUniversalTime(),
            authority.Issuer.NotAfter.ToUniversalTime()
        );
        var serials = request.CertIds.Select(id => id.ToString()).ToArray();
        var entries = new List<Entry>(request.CertIds.Count);
        using (var lookup = await gate.EnterLookupAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!lookup.IsAcquired)
                return Unsigned(WhyUnsigned.NoTurn, null, serials);
            foreach (var (id, serial) in request.CertIds.Zip(serials))
                entries.Add(
                    Describe(
                        policy,
                        id,
                        await FindAsync(authority, serial, cancellationToken).ConfigureAwait(false),
                        now,
                        latest
                    )
                );
        }

        var strange = entries.Any(entry => entry.NeverIssued);
        if (strange && policy.NeverIssued == NeverIssued.Unauthorized)
            return new FreshResponse(PreparedResponse.Error(OcspResponseStatus.Unauthorized, serials), null);

        // Plain questions only are for all; and of serial numbers that no source names there is no end.
        var only = entries.Count == 1 ? entries[0].Response : null;
        var isForAll = only?.NextUpdate is not null && request.Nonce is null && !strange;
        var lasts = isForAll && entries[0].IsListed;
        using var turn = await gate.EnterSigningAsync(lasts ? Signing.ForAll : Signing.ForOne, cancellationToken)
            .ConfigureAwait(false);
        var outcome = only is null ? ResponseOutcome.Several : ResponseOutcomes.Of(only.Status.Kind);
        if (!turn.IsAcquired)
            return Unsigned(WhyUnsigned.NoTurn, outcome, serials);
        var started = clock.GetTimestamp();
        byte[] body;
        try
        {
            body = Build();
        }
        catch (CryptographicException exception)
        {
            // A key in a device that was taken away, say.
            if (choice.Signer.Fault is null)
                logger.SigningFailed(choice.Key.Certificate.Subject, authority.Name, exception.Message);
            choice.Signer.Fault = exception.Message;
            return Unsigned(WhyUnsigned.NoKey, outcome, serials);
        }

        authority.CountSigned(choice.Key);
        metrics.Signed(authority.Name, clock.GetElapsedTime(started));
        if (!isForAll || only is not { NextUpdate: { } nextUpdate })
            return new FreshResponse(new PreparedResponse(body, outcome, null, serials), null);
        var shelf = new Shelf(now, RenewAt(now, nextUpdate), nextUpdate);
        return new FreshResponse(Prepare(policy, body, outcome, only.ThisUpdate, shelf, serials), lasts ? shelf : null);

        byte[] Build() =>
            OcspResponseBuilder.Build(
                [.. entries.Select(entry => entry.Response)],
                choice.Key,
                authority.Issuer,
                now,
                new OcspSigningOptions
                {
                    Nonce = request.Nonce,
                    SignatureAlgorithm = choice.Algorithm,
                    ResponderId = policy.ResponderId,
                    Certificates = choice.Enclosed,
                    ExtendedRevoke =
                        strange && policy.NeverIssued == NeverIssued.Revoked
                            ? ExtendedRevoke.Include
                            : ExtendedRevoke.Omit,
                }
            );
    }

    private static FreshResponse Unsigned(WhyUnsigned why, ResponseOutcome? known, IReadOnlyList<string> serials) =>
        new(PreparedResponse.Error(OcspResponseStatus.TryLater, serials), null, new UnsignedResponse(why, known));

    /// <summary>Takes up a response that was signed before and kept somewhere, and verified since.</summary>
    public static FreshResponse Restore(AnswerPolicy policy, VerifiedStaple staple, DateTimeOffset nextUpdate)
    {
        var shelf = new Shelf(staple.ProducedAt, RenewAt(staple.ProducedAt, nextUpdate), nextUpdate);
        return new FreshResponse(
            Prepare(
                policy,
                staple.Encoded,
                ResponseOutcomes.Of(staple.Status.Kind),
                staple.ThisUpdate,
                shelf,
                [staple.CertId.ToString()]
            ),
            shelf
        );
    }

    private static PreparedResponse Prepare(
        AnswerPolicy policy,
        ReadOnlyMemory<byte> body,
        ResponseOutcome outcome,
        DateTimeOffset thisUpdate,
        Shelf shelf,
        IReadOnlyList<string> serials
    ) =>
        new(
            body,
            outcome,
            new Caching(body.Span, thisUpdate, shelf.NextUpdate, shelf.RenewAt, policy.MaximumCacheAge),
            serials
        );

    private static async ValueTask<SourceStatus?> FindAsync(
        Authority authority,
        string serial,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await authority.Source.FindAsync(serial, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            authority.Doubt = serial;
            throw;
        }
    }

    private static Entry Describe(
        AnswerPolicy policy,
        CertId id,
        SourceStatus? found,
        DateTimeOffset now,
        DateTimeOffset latest
    )
    {
        // Dated back for clocks that lag, but never to before the change that it reports.
        var thisUpdate = now - policy.Backdate;
        if (found?.ChangedAt is { } changedAt && changedAt > thisUpdate)
            thisUpdate = changedAt < now ? changedAt : now;
        DateTimeOffset? nextUpdate =
            policy.NextUpdate == NextUpdateField.Include || found?.Until is not null
                ? Earlier(latest, found?.Until ?? latest)
                : null;
        var response = new OcspResponseEntry(
            id,
            found?.Status ?? StatusOfNeverIssued(policy),
            found?.KnownAt ?? thisUpdate,
            nextUpdate
        )
        {
            InvalidityDate = found?.InvalidSince,
            ArchiveCutoff = policy.ArchiveRetention is { } retention ? now - retention : null,
            Crl = policy.CrlReferences == CrlReferences.Include ? found?.Crl : null,
        };
        return new Entry(response, found is null, found is { IsListed: true });
    }

    // §2.2: what was never issued may count as revoked, on hold since 1970.
    private static CertStatus StatusOfNeverIssued(AnswerPolicy policy) =>
        policy.NeverIssued == NeverIssued.Revoked
            ? CertStatus.Revoked(DateTimeOffset.UnixEpoch, RevocationReason.CertificateHold)
            : CertStatus.Unknown;

    /// <summary>
    /// When a response makes room for a newer one (BR 4.9.9): at half of its life, or eight hours before its end where
    /// it lives for sixteen or more.
    /// </summary>
    private static DateTimeOffset RenewAt(DateTimeOffset now, DateTimeOffset nextUpdate)
    {
        var life = nextUpdate - now;
        return life < TimeSpan.FromHours(16) ? now + life / 2 : nextUpdate - TimeSpan.FromHours(8);
    }

    private static DateTimeOffset Earlier(params ReadOnlySpan<DateTimeOffset> instants)
    {
        var earliest = instants[0];
        foreach (var instant in instants)
            earliest = instant < earliest ? instant : earliest;
        return earliest;
    }

    private readonly record struct Entry(OcspResponseEntry Response, bool NeverIssued, bool IsListed);
}

/// <summary>A response, and how long it may be given to others who ask the same; null where it may not.</summary>
/// <param name="Response">What is sent.</param>
/// <param name="Shelf">How long it may be given.</param>
/// <param name="Unsigned">What it is in the place of, where it could not be signed; or null.</param>
internal sealed record FreshResponse(PreparedResponse Response, Shelf? Shelf, UnsignedResponse? Unsigned = null);

/// <summary>A response that could not be signed.</summary>
/// <param name="Why">Why.</param>
/// <param name="Known">What it would have said, or null where that was not looked up.</param>
internal sealed record UnsignedResponse(WhyUnsigned Why, ResponseOutcome? Known);

/// <summary>Why a response was not signed.</summary>
internal enum WhyUnsigned
{
    /// <summary>Too many others were.</summary>
    NoTurn,

    /// <summary>The key is not there.</summary>
    NoKey,
}
