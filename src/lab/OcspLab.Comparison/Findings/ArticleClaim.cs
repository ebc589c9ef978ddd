using System.Globalization;
using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Results;

namespace OcspLab.Comparison.Findings;

/// <summary>One of the article's four claims about stapling, held against what was measured.</summary>
/// <param name="Claim">What it says.</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Text">What was seen.</param>
public sealed record ArticleClaim(string Claim, FindingVerdict Verdict, string Text)
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
            .Select(group =>
                (
                    RoundTrip: group.Key,
                    Stapled: group.Single(latency => latency.Way == StatusWay.Stapled).Milliseconds.Median,
                    Asking: group.Single(latency => latency.Way == StatusWay.AsksResponder).Milliseconds.Median
                )
            )
            .ToArray();
        return pairs.Length == 0
            ? Unseen(Claim)
            : Judge(
                Claim,
                pairs.All(pair => pair.Stapled < pair.Asking),
                string.Join(
                    "; ",
                    pairs.Select(pair =>
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{pair.RoundTrip.TotalMilliseconds:0} ms to the responder: {pair.Stapled:0.#} ms "
                                + $"stapled, {pair.Asking:0.#} ms asking"
                        )
                    )
                )
            );
    }

    private static ArticleClaim Privacy(IReadOnlyList<CrowdLoad> loads)
    {
        const string Claim = "the responder does not learn who visits a site";
        var (stapled, asking) = Split(loads);
        if (stapled.Length == 0 || asking is null)
            return Unseen(Claim);
        string[] silent = [.. stapled.Where(load => load.AddressesLearnt == 0).Select(load => load.Server)];
        string[] telling =
        [
            .. stapled
                .Where(load => load.AddressesLearnt > 0)
                .Select(load => $"{load.AddressesLearnt} with {load.Server}"),
        ];
        return Judge(
            Claim,
            telling.Length == 0,
            string.Join(
                "; ",
                (string[])
                    [
                        .. telling.Length > 0
                            ? (string[])[$"of {asking.Clients} clients it knows {string.Join(", ", telling)}"]
                            : [],
                        .. silent.Length > 0 ? (string[])[$"none with {string.Join(", ", silent)}"] : [],
                        $"{asking.AddressesLearnt} of {asking.Clients} without staples",
                    ]
            )
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
                stapled.All(load => load.Requests < asking.Requests),
                $"for {asking.Clients} clients: "
                    + $"{string.Join(", ", stapled.Select(load => $"{load.Requests} by {load.Server}"))}; "
                    + $"{asking.Requests} when they ask themselves"
            );
    }

    private static ArticleClaim Availability(ClientMatrix? clients)
    {
        const string Claim = "sites stay reachable while the responder is down";
        var stapled = clients?.Observations.Where(seen => seen.Case == ClientCase.GoodDown).ToArray() ?? [];
        var plain = clients?.Observations.Where(seen => seen.Case == ClientCase.GoodUnstapledDown).ToArray() ?? [];
        // All of them in both, or nothing can be said.
        if (
            clients is null
            || clients.Clients.Count == 0
            || stapled.Length < clients.Clients.Count
            || plain.Length < clients.Clients.Count
        )
            return new ArticleClaim(
                Claim,
                FindingVerdict.Unseen,
                clients is null ? NotRun : "not seen by every client"
            );
        // Who refuses a site without a staple anyway is not lost to the outage.
        var connectWithout = clients
            .Observations.Where(seen => seen is { Case: ClientCase.GoodUnstapled, Outcome: ClientOutcome.Connects })
            .Select(seen => seen.Client)
            .ToHashSet();
        var refusing = plain
            .Where(seen => seen.Outcome == ClientOutcome.Refuses && connectWithout.Contains(seen.Client))
            .Select(seen => seen.Client)
            .ToArray();
        return Judge(
            Claim,
            stapled.All(seen => seen.Outcome == ClientOutcome.Connects) && refusing.Length > 0,
            $"{stapled.Count(seen => seen.Outcome == ClientOutcome.Connects)} of {stapled.Length} clients connect "
                + $"with a staple, {plain.Count(seen => seen.Outcome == ClientOutcome.Connects)} of {plain.Length} "
                + $"without; lost to the outage: {(refusing.Length == 0 ? "none" : string.Join(", ", refusing))}"
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

    private static ArticleClaim Unseen(string claim) => new(claim, FindingVerdict.Unseen, NotRun);

    private static ArticleClaim Judge(string claim, bool holds, string text) =>
        new(claim, holds ? FindingVerdict.Holds : FindingVerdict.Fails, text);

    private const string NotRun = "not run";
}
