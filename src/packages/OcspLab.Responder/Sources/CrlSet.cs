using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Revocation;

namespace OcspLab.Responder.Sources;

/// <summary>
/// CRLs that are read together: those of all distribution points of an authority, and a delta CRL beside a complete one
/// (RFC 5280 §5.2.4). All of the former are needed; without a usable delta CRL the complete one counts alone.
/// </summary>
/// <param name="parts">The complete CRL, or one for each distribution point.</param>
/// <param name="delta">The delta CRL, or null.</param>
/// <param name="unlisted">What is said of serial numbers that are on none of them.</param>
internal sealed class CrlSet(IReadOnlyList<CrlSource> parts, CrlSource? delta, UnlistedSerials unlisted)
    : IStatusSource,
        ICertificateList
{
    private bool _hadDelta;

    /// <summary>Never raised: nothing is changed through this object.</summary>
    public event Action<string?>? Changed
    {
        add { }
        remove { }
    }

    public ValueTask<SourceStatus?> FindAsync(string serialNumber, CancellationToken cancellationToken)
    {
        var lists = parts.Select(part => part.Current()).ToList();
        var newest = Delta(lists);
        var status = newest?.Find(serialNumber)
            ?? lists.Select(list => list.Find(serialNumber)).FirstOrDefault(found => found is not null);
        // Taken off the complete list: it was on hold, and is not any more.
        var isListed = status is { Reason: not RevocationReason.RemoveFromCrl };
        if (!isListed && unlisted == UnlistedSerials.Unknown)
            return ValueTask.FromResult<SourceStatus?>(null);
        return ValueTask.FromResult<SourceStatus?>(
            new SourceStatus(isListed ? status! : CertStatus.Good)
            {
                IsListed = isListed,
                KnownAt = newest?.ThisUpdate ?? lists.Min(list => list.ThisUpdate),
                Until = lists.Append(newest).Where(list => list?.NextUpdate is not null).Min(list => list!.NextUpdate),
            }
        );
    }

    public async ValueTask<SourceChanges> FindChangesAsync(CancellationToken cancellationToken)
    {
        var changed = false;
        foreach (var part in parts)
            changed |= await part.FindChangesAsync(cancellationToken).ConfigureAwait(false) != SourceChanges.None;
        try
        {
            if (delta is not null)
                changed |= await delta.FindChangesAsync(cancellationToken).ConfigureAwait(false) != SourceChanges.None;
        }
        catch (IOException)
        {
            // What it said before may have been answered; from now on the complete list counts.
            changed |= Interlocked.Exchange(ref _hadDelta, false);
        }

        return changed ? SourceChanges.All : SourceChanges.None;
    }

    public ValueTask<IReadOnlyCollection<string>> ListSerialNumbersAsync(CancellationToken cancellationToken)
    {
        var lists = parts.Select(part => part.Current()).ToList();
        var newest = Delta(lists);
        return ValueTask.FromResult<IReadOnlyCollection<string>>([
            .. lists
                .Append(newest)
                .SelectMany(list => list?.SerialNumbers ?? [])
                .Distinct()
                .Where(serial => newest?.Find(serial)?.Reason != RevocationReason.RemoveFromCrl),
        ]);
    }

    // It goes with a complete list that is at least as new as its base, and no newer than itself.
    private CertificateRevocationList? Delta(List<CertificateRevocationList> lists)
    {
        try
        {
            var newest = delta?.Current();
            if (
                newest is null
                || lists is not [{ Number: { } number } complete]
                || number < newest.BaseNumber
                || newest.Number < number
                || newest.ThisUpdate < complete.ThisUpdate
            )
                return null;
            _hadDelta = true;
            return newest;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
