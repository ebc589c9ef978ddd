using OcspLab.Ocsp.Signing;

namespace OcspLab.Responder.Settings;

/// <summary>What an authority's answers say and how long they hold: its own settings, else those for all.</summary>
internal sealed record AnswerPolicy
{
    public required TimeSpan Validity { get; init; }

    public required TimeSpan Backdate { get; init; }

    public required TimeSpan MaximumCacheAge { get; init; }

    public required NeverIssued NeverIssued { get; init; }

    public required NonceHandling Nonces { get; init; }

    public required NextUpdateField NextUpdate { get; init; }

    public required TimeSpan? ArchiveRetention { get; init; }

    public required CrlReferences CrlReferences { get; init; }

    public required ResponderIdForm ResponderId { get; init; }

    public static AnswerPolicy Of(ResponderOptions all, AuthorityOptions its) =>
        new()
        {
            Validity = its.Validity ?? all.Validity,
            Backdate = its.Backdate ?? all.Backdate,
            MaximumCacheAge = its.MaximumCacheAge ?? all.MaximumCacheAge,
            NeverIssued = its.NeverIssued ?? all.NeverIssued,
            Nonces = its.Nonces ?? all.Nonces,
            NextUpdate = its.NextUpdate ?? all.NextUpdate,
            ArchiveRetention = its.ArchiveRetention ?? all.ArchiveRetention,
            CrlReferences = its.CrlReferences ?? all.CrlReferences,
            ResponderId = its.ResponderId ?? all.ResponderId,
        };
}
