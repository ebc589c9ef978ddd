using Microsoft.Extensions.Options;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Settings;
using OcspLab.Responder.Sources;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Responding;

/// <summary>
/// Looks statuses up and signs what is said of them, as many at once as <see cref="SigningGate"/> lets. Thread-safe.
/// </summary>
internal sealed class ResponseFactory(
    IOptions<ResponderOptions> options,
    SigningGate gate,
    ResponderMetrics metrics,
    TimeProvider clock
)
{
    private readonly ResponderOptions _options = options.Value;

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
        var latest = Earlier(
            now + _options.Validity,
            choice.Key.Certificate.NotAfter.ToUniversalTime(),
            authority.Issuer.NotAfter.ToUniversalTime()
        );
        var serials = request.CertIds.Select(id => id.ToString()).ToArray();
        var entries = new List<Entry>(request.CertIds.Count);
        using (var lookup = await gate.EnterLookupAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!lookup.IsAcquired)
                return new FreshResponse(PreparedResponse.Error(OcspResponseStatus.TryLater, serials), null);
            foreach (var (id, serial) in request.CertIds.Zip(serials))
                entries.Add(
                    Describe(
                        id,
                        await FindAsync(authority, serial, cancellationToken).ConfigureAwait(false),
                        now,
                        latest
                    )
                );
        }

        var strange = entries.Any(entry => entry.NeverIssued);
        if (strange && _options.NeverIssued == NeverIssued.Unauthorized)
            return new FreshResponse(PreparedResponse.Error(OcspResponseStatus.Unauthorized, serials), null);

        // Plain questions only are for all; and of serial numbers that no source names there is no end.
        var only = entries.Count == 1 ? entries[0].Response : null;
        var isForAll = only?.NextUpdate is not null && request.Nonce is null && !strange;
        var lasts = isForAll && entries[0].IsListed;
        using var turn = await gate.EnterSigningAsync(lasts ? Signing.ForAll : Signing.ForOne, cancellationToken)
            .ConfigureAwait(false);
        if (!turn.IsAcquired)
            return new FreshResponse(PreparedResponse.Error(OcspResponseStatus.TryLater, serials), null);
        var started = clock.GetTimestamp();
        var body = OcspResponseBuilder.Build(
            [.. entries.Select(entry => entry.Response)],
            choice.Key,
            authority.Issuer,
            now,
            new OcspSigningOptions
            {
                Nonce = request.Nonce,
                SignatureAlgorithm = choice.Algorithm,
                ExtendedRevoke =
                    strange && _options.NeverIssued == NeverIssued.Revoked
                        ? ExtendedRevoke.Include
                        : ExtendedRevoke.Omit,
            }
        );
        metrics.Signed(authority.Name, clock.GetElapsedTime(started));

        var outcome = only is null ? ResponseOutcome.Several : ResponseOutcomes.Of(only.Status.Kind);
        if (!isForAll || only is not { NextUpdate: { } nextUpdate })
            return new FreshResponse(new PreparedResponse(body, outcome, null, serials), null);
        var renewAt = RenewAt(now, nextUpdate);
        return new FreshResponse(
            new PreparedResponse(
                body,
                outcome,
                new Caching(body, only.ThisUpdate, nextUpdate, renewAt, _options.MaximumCacheAge),
                serials
            ),
            lasts ? new Shelf(now, renewAt) : null
        );
    }

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

    private Entry Describe(CertId id, SourceStatus? found, DateTimeOffset now, DateTimeOffset latest)
    {
        // Dated back for clocks that lag, but never to before the change that it reports.
        var thisUpdate = now - _options.Backdate;
        if (found?.ChangedAt is { } changedAt && changedAt > thisUpdate)
            thisUpdate = changedAt < now ? changedAt : now;
        DateTimeOffset? nextUpdate =
            _options.NextUpdate == NextUpdateField.Include || found?.Until is not null
                ? Earlier(latest, found?.Until ?? latest)
                : null;
        var response = new OcspResponseEntry(
            id,
            found?.Status ?? StatusOfNeverIssued(),
            found?.KnownAt ?? thisUpdate,
            nextUpdate
        )
        {
            ArchiveCutoff = _options.ArchiveRetention is { } retention ? now - retention : null,
            Crl = _options.CrlReferences == CrlReferences.Include ? found?.Crl : null,
        };
        return new Entry(response, found is null, found is { IsListed: true });
    }

    // §2.2: what was never issued may count as revoked, on hold since 1970.
    private CertStatus StatusOfNeverIssued() =>
        _options.NeverIssued == NeverIssued.Revoked
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
internal sealed record FreshResponse(PreparedResponse Response, Shelf? Shelf);
