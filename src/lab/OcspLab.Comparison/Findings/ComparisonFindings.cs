using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Results;

namespace OcspLab.Comparison.Findings;

/// <summary>What follows from what a comparison saw.</summary>
/// <param name="Judged">The servers that went through scenarios, in their order.</param>
/// <param name="Findings">Every behaviour of each of them; empty where no scenario was run.</param>
/// <param name="Claims">The article's claims, and what became of them.</param>
public sealed record ComparisonFindings(
    IReadOnlyList<string> Judged,
    IReadOnlyList<Finding> Findings,
    IReadOnlyList<ArticleClaim> Claims
)
{
    /// <summary>The behaviours that anything was seen of.</summary>
    public IReadOnlyList<string> Behaviours => [.. BehavioursWhere(WasRun)];

    /// <summary>The behaviours that nothing was run for.</summary>
    public IReadOnlyList<string> BehavioursNotRun => [.. BehavioursWhere(_ => true).Except(Behaviours)];

    /// <summary>Judges everything.</summary>
    public static ComparisonFindings Of(ComparisonResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        string[] judged = [.. result.ScenarioRuns.Select(run => run.Server).Distinct()];
        return new ComparisonFindings(
            judged,
            [
                .. judged.SelectMany(server =>
                    BehaviourJudge.Judge(server, result.ScenarioRuns, IntervalOf(server, result))
                ),
            ],
            [.. ArticleClaim.Of(result)]
        );
    }

    /// <summary>One behaviour of the judged servers, in their order.</summary>
    public IEnumerable<Finding> Row(string behaviour) =>
        Judged.Select(server => Findings.First(finding => finding.Server == server && finding.Behaviour == behaviour));

    /// <summary>How a server did, over the behaviours of it that were seen.</summary>
    public ServerScore Score(string server)
    {
        var seen = Findings
            .Where(finding => finding.Server == server && finding.Verdict != FindingVerdict.Unseen)
            .ToArray();
        return new ServerScore(server, seen.Count(finding => finding.Verdict == FindingVerdict.Holds), seen.Length);
    }

    /// <summary>
    /// How many requests the responder had about a server's certificates in each run of all scenarios: in whole runs,
    /// or, where the comparison was cut short in the first of them, in what there is of it.
    /// </summary>
    public static Spread RequestsOf(string server, ComparisonResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var runs = result.ScenarioRuns.Where(run => run.Server == server).GroupBy(run => run.Run).ToArray();
        var whole = Array.FindAll(runs, run => run.All(run => !run.IsCutShort));
        return Spread.Of((whole.Length > 0 ? whole : runs).Select(run => (double)run.Sum(run => run.Requests.Count)));
    }

    private static FixedInterval? IntervalOf(string server, ComparisonResult result) =>
        result.Servers.FirstOrDefault(program => program.Name == server)?.Interval is { } interval
        && result.Validity < interval.Length
            ? interval
            : null;

    private IEnumerable<string> BehavioursWhere(Func<Finding, bool> anyIs) =>
        from finding in Findings
        group finding by finding.Behaviour into row
        where row.Any(anyIs)
        select row.Key;

    private static bool WasRun(Finding finding) =>
        finding.Evidence is not UnseenEvidence { Reason: UnseenReason.NotRun };
}

/// <summary>How a server did.</summary>
/// <param name="Server">The server.</param>
/// <param name="Holds">How many of the behaviours that were seen of it hold.</param>
/// <param name="Seen">How many were seen.</param>
public sealed record ServerScore(string Server, int Holds, int Seen);
