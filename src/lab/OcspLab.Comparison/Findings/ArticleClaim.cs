using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Results;

namespace OcspLab.Comparison.Findings;

/// <summary>One of the article's four claims about stapling, held against what was measured.</summary>
/// <param name="Claim">What it says.</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Evidence">What was seen.</param>
public sealed record ArticleClaim(string Claim, FindingVerdict Verdict, Evidence Evidence)
{
    /// <summary>All four; those that the run did not look at are unseen.</summary>
    internal static IEnumerable<ArticleClaim> Of(ComparisonResult result)
    {
        yield return Latency(result.Latencies);
        yield return Privacy(result.Loads);
        yield return Load(result.Loads);
        yield return Availability(result.Clients);
    }

    private static ArticleClaim Latency(IReadOnlyList<Latency> latencies)
    {
        const string Claim = "clients know the status sooner";
        var pairs = latencies
            .GroupBy(latency => latency.RoundTrip)
            .Where(group => group.Count() == 2)
            .Select(group => new LatencyPair(
                group.Key,
                group.Single(latency => latency.Way == StatusWay.Stapled).Milliseconds.Median,
                group.Single(latency => latency.Way == StatusWay.AsksResponder).Milliseconds.Median
            ))
            .ToArray();
        return pairs.Length == 0
            ? Unseen(Claim)
            : Judge(Claim, Array.TrueForAll(pairs, pair => pair.Stapled < pair.Asking), new LatencyEvidence(pairs));
    }

    private static ArticleClaim Privacy(IReadOnlyList<CrowdLoad> loads)
    {
        const string Claim = "the responder does not learn who visits a site";
        var (stapled, asking) = Split(loads);
        return stapled.Length == 0 || asking is null
            ? Unseen(Claim)
            : Judge(
                Claim,
                Array.TrueForAll(stapled, load => load.AddressesLearnt == 0),
                new PrivacyEvidence(stapled, asking)
            );
    }

    private static ArticleClaim Load(IReadOnlyList<CrowdLoad> loads)
    {
        const string Claim = "the responder is asked less";
        var (stapled, asking) = Split(loads);
        return stapled.Length == 0 || asking is null
            ? Unseen(Claim)
            : Judge(
                Claim,
                Array.TrueForAll(stapled, load => load.Requests < asking.Requests),
                new LoadEvidence(stapled, asking)
            );
    }

    private static ArticleClaim Availability(ClientMatrix? clients)
    {
        const string Claim = "sites stay reachable while the responder is down";
        if (clients is null)
            return Unseen(Claim);
        var stapled = clients.Observations.Where(seen => seen.Case == ClientCase.GoodDown).ToArray();
        var plain = clients.Observations.Where(seen => seen.Case == ClientCase.GoodUnstapledDown).ToArray();
        // All of them in both, or nothing can be said.
        if (clients.Clients.Count == 0 || Math.Min(stapled.Length, plain.Length) < clients.Clients.Count)
            return Unseen(Claim, UnseenReason.ClientsMissing);
        // Who refuses a site without a staple anyway is not lost to the outage.
        var connectWithout = clients
            .Observations.Where(seen => seen is { Case: ClientCase.GoodUnstapled, Outcome: ClientOutcome.Connects })
            .Select(seen => seen.Client)
            .ToHashSet();
        string[] lost =
        [
            .. plain
                .Where(seen => seen.Outcome == ClientOutcome.Refuses && connectWithout.Contains(seen.Client))
                .Select(seen => seen.Client),
        ];
        var connectStapled = stapled.Count(seen => seen.Outcome == ClientOutcome.Connects);
        return Judge(
            Claim,
            connectStapled == stapled.Length && lost.Length > 0,
            new OutageEvidence(
                stapled.Length,
                connectStapled,
                plain.Count(seen => seen.Outcome == ClientOutcome.Connects),
                lost
            )
        );
    }

    // The largest crowd says most.
    private static (CrowdLoad[] Stapled, CrowdLoad? Asking) Split(IReadOnlyList<CrowdLoad> loads)
    {
        var largest = loads.Where(load => load.Clients == loads.Max(any => any.Clients)).ToArray();
        return (
            [.. largest.Where(load => load.Server != CrowdLoad.AskThemselves)],
            Array.Find(largest, load => load.Server == CrowdLoad.AskThemselves)
        );
    }

    private static ArticleClaim Unseen(string claim, UnseenReason reason = UnseenReason.NotRun) =>
        new(claim, FindingVerdict.Unseen, new UnseenEvidence(reason));

    private static ArticleClaim Judge(string claim, bool holds, Evidence evidence) =>
        new(claim, holds ? FindingVerdict.Holds : FindingVerdict.Fails, evidence);
}
