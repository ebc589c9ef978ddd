using OcspLab.Comparison.Findings;
using static OcspLab.Comparison.Findings.BehaviourRules;

namespace OcspLab.Comparison.Reports;

/// <summary>
/// The rows of the matrix for those who do not know the field: why they matter, and what a failure is.
/// </summary>
internal static class BehaviourWords
{
    private static readonly Dictionary<string, Words> All = new(StringComparer.Ordinal)
    {
        [AsksBeforeClients.Behaviour] = new(
            "Who waits for a client to ask has nothing to give to that client.",
            "asks nobody before its first client"
        ),
        [StaplesFirstHandshake.Behaviour] = new(
            "With a certificate that demands a staple the first visitors are turned away.",
            "has no good staple at the first handshake"
        ),
        [ServesManyClients.Behaviour] = new(
            "Stapling is to take load off the authority, not to put it on.",
            "asks the responder again and again"
        ),
        [IsNeverWithout.Behaviour] = new(
            "Each handshake without is a visitor who asks the authority, waits, or is turned away.",
            "is without a staple at times, though all is well"
        ),
        [StaplesNothingExpired.Behaviour] = new(
            "Clients that look at staples refuse an expired one.",
            "staples expired answers"
        ),
        [StaplesNothingWrong.Behaviour] = new(
            "Clients that look at staples refuse errors and answers that do not verify.",
            "staples what no client may believe"
        ),
        [KeepsGoodStaple.Behaviour] = new(
            "An outage of the authority should not be the site's.",
            "throws a good staple away when the responder misbehaves"
        ),
        [TellsRevocation.Behaviour] = new(
            "A stolen key is of use for as long as nobody is told.",
            "never tells of a revocation"
        ),
        [SurvivesRestart.Behaviour] = new(
            "Servers restart, and not at the moment when the responder is up.",
            "loses its staple with a restart"
        ),
        [IsStapledAgainSoon.Behaviour] = new(
            "After an outage visitors should not wait for an hour's timer.",
            "is long without a staple after an outage"
        ),
        [ShowsMustStapleOnlyStapled.Behaviour] = new(
            "Such a certificate without its staple is an error page.",
            "shows a must-staple certificate without its staple"
        ),
    };

    /// <summary>Why a row matters.</summary>
    public static string Why(string behaviour) => All[behaviour].Why;

    /// <summary>A server in one sentence: everything that it failed at.</summary>
    public static string Sentence(string server, IEnumerable<Finding> findings)
    {
        string[] failures =
        [
            .. findings
                .Where(finding => finding.Server == server && finding.Verdict == FindingVerdict.Fails)
                .Select(finding => All[finding.Behaviour].Failure),
        ];
        return failures.Length switch
        {
            0 => "nothing to be said against it in what was seen.",
            1 => failures[0] + ".",
            _ => $"{string.Join(", ", failures[..^1])}, and {failures[^1]}.",
        };
    }

    private sealed record Words(string Why, string Failure);
}
