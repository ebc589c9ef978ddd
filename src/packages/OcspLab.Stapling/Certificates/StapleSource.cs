using OcspLab.Stapling.Status;

namespace OcspLab.Stapling.Certificates;

/// <summary>Where the staples of one certificate come from, as the settings say now.</summary>
/// <param name="Kind">Which of the ways.</param>
/// <param name="Urls">The responders, in order; the file alone where it is a file.</param>
/// <param name="Client">The name of the client to ask with; empty for the general one.</param>
internal sealed record StapleSource(StapleSourceKind Kind, IReadOnlyList<Uri> Urls, string Client = "")
{
    public static StapleSource Select(IReadOnlyList<Uri> ownUrls, IReadOnlyList<string> names, StaplingOptions options)
    {
        var own = names.Select(options.Certificates.Find).FirstOrDefault(found => found is not null);
        if (own is { Use: StaplingUse.Off })
            return new StapleSource(StapleSourceKind.Off, []);
        if (own is { File: { } file })
            return new StapleSource(StapleSourceKind.File, [new Uri(Path.GetFullPath(file))]);
        IReadOnlyList<Uri> urls = (own?.Responder ?? options.Responder) is { } responder
            ? [responder]
            : [.. ownUrls.Select(options.InPlaceOf).Distinct()];
        return urls.Count == 0
            ? new StapleSource(StapleSourceKind.None, [])
            : new StapleSource(StapleSourceKind.Responder, urls, own?.Client ?? "");
    }

    public bool IsActive => Kind is StapleSourceKind.Responder or StapleSourceKind.File;

    /// <summary>What a look at it comes to before there was one.</summary>
    public RefreshOutcome OutcomeAtRest =>
        Kind switch
        {
            StapleSourceKind.None => RefreshOutcome.NoResponder,
            StapleSourceKind.Off => RefreshOutcome.TurnedOff,
            _ => RefreshOutcome.Pending,
        };

    public bool Equals(StapleSource? other) =>
        other is not null && Kind == other.Kind && Client == other.Client && Urls.SequenceEqual(other.Urls);

    public override int GetHashCode() => HashCode.Combine(Kind, Client, Urls.Count);
}

internal static class SettingsLookup
{
    /// <summary>The responder to ask in the place of one that a certificate names.</summary>
    public static Uri InPlaceOf(this StaplingOptions options, Uri own) =>
        options.Responders.FirstOrDefault(pair => Uri.TryCreate(pair.Key, UriKind.Absolute, out var url) && url == own)
            is { Value: { } other }
            ? other
            : own;

    public static CertificateStaplingOptions? Find(
        this IDictionary<string, CertificateStaplingOptions> certificates,
        string name
    ) => certificates.TryGetValue(name, out var found) ? found : null;
}
