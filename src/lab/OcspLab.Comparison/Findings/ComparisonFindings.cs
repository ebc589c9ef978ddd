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
    public IReadOnlyList<string> Behaviours => [.. SeenOrNot[true]];

    /// <summary>The behaviours that nothing was run for.</summary>
    public IReadOnlyList<string> BehavioursNotRun => [.. SeenOrNot[false]];

    /// <summary>Judges everything.</summary>
    public static ComparisonFindings Of(ComparisonResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        string[] judged = [.. result.ScenarioRuns.Select(run => run.Server).Distinct()];
        return new ComparisonFindings(
            judged,
            [.. judged.SelectMany(server => BehaviourJudge.Judge(server, result.ScenarioRuns))],
            [.. ArticleClaim.Of(result)]
        );
    }

    /// <summary>One behaviour of the judged servers, in their order.</summary>
    public IEnumerable<Finding> Row(string behaviour) =>
        Judged.Select(server => Findings.First(finding => finding.Server == server && finding.Behaviour == behaviour));

    /// <summary>A server's name, and how many of the behaviours that were seen hold.</summary>
    public string Score(string server)
    {
        var seen = Findings
            .Where(finding => finding.Server == server && finding.Verdict != FindingVerdict.Unseen)
            .ToArray();
        return seen.Length == 0
            ? server
            : $"{server} {seen.Count(finding => finding.Verdict == FindingVerdict.Holds)}/{seen.Length}";
    }

    private ILookup<bool, string> SeenOrNot =>
        Findings
            .GroupBy(finding => finding.Behaviour)
            .ToLookup(
                row => row.Any(finding => finding.Verdict != FindingVerdict.Unseen || finding.Text != Finding.NotRun),
                row => row.Key
            );
}
