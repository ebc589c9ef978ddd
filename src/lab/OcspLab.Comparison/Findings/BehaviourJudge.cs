using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Scenarios;
using static OcspLab.Comparison.Findings.BehaviourRules;

namespace OcspLab.Comparison.Findings;

/// <summary>Holds one server's runs against the rules.</summary>
internal sealed class BehaviourJudge
{
    private readonly string _server;
    private readonly ScenarioRunResult[] _runs;
    private readonly ILookup<ScenarioKind, ScenarioRunResult> _byKind;
    private readonly UnseenReason _unseen;
    private readonly FixedInterval? _interval;

    private BehaviourJudge(string server, IEnumerable<ScenarioRunResult> runs, FixedInterval? interval)
    {
        _interval = interval;
        var all = runs.Where(run => run.Server == server).ToArray();
        _server = server;
        _runs = Array.FindAll(all, run => !run.IsCutShort);
        _byKind = _runs.ToLookup(run => run.Kind);
        _unseen = _runs.Length < all.Length ? UnseenReason.EndedEarly : UnseenReason.NotRun;
    }

    /// <summary>All rows for one server, in the report's order. A row holds where it does in every run.</summary>
    /// <param name="server">The server.</param>
    /// <param name="runs">What was seen.</param>
    /// <param name="interval">
    /// The server's own interval, where answers were shorter than that: what it is late with for that alone is no
    /// verdict.
    /// </param>
    public static IEnumerable<Finding> Judge(
        string server,
        IEnumerable<ScenarioRunResult> runs,
        FixedInterval? interval = null
    )
    {
        var judge = new BehaviourJudge(server, runs, interval);
        return
        [
            judge.Judge(AsksBeforeClients),
            judge.Judge(StaplesFirstHandshake),
            judge.Judge(ServesManyClients),
            judge.Judge(IsNeverWithout),
            judge.Judge(StaplesNothingExpired),
            judge.Judge(StaplesNothingWrong),
            judge.JudgeKeeping(),
            judge.Judge(TellsRevocation),
            judge.Judge(SurvivesRestart),
            judge.Judge(IsStapledAgainSoon),
            judge.Judge(ShowsMustStapleOnlyStapled),
        ];
    }

    private Finding Judge(RunRule rule)
    {
        RunRemark[] remarks = [.. _byKind[rule.Kind].Select(run => FailureOf(run) ?? rule.Judge(run))];
        return remarks.Length == 0
            ? Unseen(rule.Behaviour, _unseen)
            : Settle(rule, new Finding(_server, rule.Behaviour, RunRemark.Sum(remarks), new RunEvidence(remarks)));
    }

    private Finding Judge(FaultRule rule)
    {
        ScenarioRunResult[] runs = rule.Kind is { } kind ? [.. _byKind[kind]] : _runs;
        if (runs.Length == 0)
            return Unseen(rule.Behaviour, _unseen);
        var scenarios = runs.Select(run => run.Scenario).Distinct().Count();
        var faults = runs.Select(run => new FaultyRun(run, (FailureOf(run)?.Text ?? rule.FindFault(run))!))
            .Where(fault => fault.Text is not null)
            .GroupBy(fault => fault.Text.Words)
            .Select(same => Sum([.. same], runs))
            .ToArray();
        return faults.Length == 0
            ? new Finding(
                _server,
                rule.Behaviour,
                FindingVerdict.Holds,
                new FaultlessEvidence(scenarios, runs.Max(run => run.Run))
            )
            : new Finding(_server, rule.Behaviour, FindingVerdict.Fails, new FaultEvidence(faults, scenarios));
    }

    // A server that ended, or was never there, is not late.
    private Finding Settle(RunRule rule, Finding finding) =>
        rule.TakesLooking
        && finding.Verdict == FindingVerdict.Fails
        && _interval is { } interval
        && _byKind[rule.Kind].All(run => run.Failure is null)
            ? finding with
            {
                Verdict = FindingVerdict.Unseen,
                Evidence = new IntervalEvidence(interval),
            }
            : finding;

    // What a server loses by itself is not the trouble's doing.
    private Finding JudgeKeeping() =>
        _byKind[ScenarioKind.Undisturbed].Any(run => run.Failure is null && LostAfter(run) is not null)
            ? Unseen(KeepsGoodStaple.Behaviour, UnseenReason.LostUndisturbed)
            : Judge(KeepsGoodStaple);

    private Finding Unseen(string behaviour, UnseenReason reason) =>
        new(_server, behaviour, FindingVerdict.Unseen, new UnseenEvidence(reason));

    private static RunRemark? FailureOf(ScenarioRunResult run) =>
        run.Failure is { } failure ? RunRemark.Fails($"{failure}") : null;

    private static Fault Sum(FaultyRun[] same, ScenarioRunResult[] all)
    {
        string[] scenarios = [.. same.Select(fault => fault.Run.Scenario).Distinct()];
        return new Fault(
            [.. same.Select(fault => fault.Text)],
            scenarios,
            all.Count(run => scenarios.Contains(run.Scenario))
        );
    }

    private sealed record FaultyRun(ScenarioRunResult Run, RemarkText Text);
}
