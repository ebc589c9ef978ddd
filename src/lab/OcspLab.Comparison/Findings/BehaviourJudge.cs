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
    private readonly string _unseen;

    private BehaviourJudge(string server, IEnumerable<ScenarioRunResult> runs)
    {
        var all = runs.Where(run => run.Server == server).ToArray();
        _server = server;
        _runs = Array.FindAll(all, run => !run.IsCutShort);
        _byKind = _runs.ToLookup(run => run.Kind);
        _unseen = _runs.Length < all.Length ? "ended early" : Finding.NotRun;
    }

    /// <summary>All rows for one server, in the report's order. A row holds where it does in every run.</summary>
    public static IEnumerable<Finding> Judge(string server, IEnumerable<ScenarioRunResult> runs)
    {
        var judge = new BehaviourJudge(server, runs);
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
            ? new Finding(_server, rule.Behaviour, FindingVerdict.Unseen, _unseen)
            : new Finding(_server, rule.Behaviour, RunRemark.Sum(remarks), RunRemark.Join(remarks));
    }

    private Finding Judge(FaultRule rule)
    {
        ScenarioRunResult[] runs = rule.Kind is { } kind ? [.. _byKind[kind]] : _runs;
        if (runs.Length == 0)
            return new Finding(_server, rule.Behaviour, FindingVerdict.Unseen, _unseen);
        var faults = runs.Select(run => new FaultyRun(run, (FailureOf(run)?.Text ?? rule.FindFault(run))!))
            .Where(fault => fault.Text is not null)
            .GroupBy(fault => fault.Text.Words)
            .Select(same =>
                $"{Where(runs, [.. same.Select(fault => fault.Run)])}: "
                + $"{RemarkText.Join([.. same.Select(fault => fault.Text)])}"
            )
            .ToArray();
        return faults.Length == 0
            ? new Finding(_server, rule.Behaviour, FindingVerdict.Holds, Where(runs))
            : new Finding(_server, rule.Behaviour, FindingVerdict.Fails, string.Join("; ", faults));
    }

    // What a server loses by itself is not the trouble's doing.
    private Finding JudgeKeeping() =>
        _byKind[ScenarioKind.Undisturbed].Any(run => run.Failure is null && LostAfter(run) is not null)
            ? new Finding(_server, KeepsGoodStaple.Behaviour, FindingVerdict.Unseen, "it loses it undisturbed, too")
            : Judge(KeepsGoodStaple);

    private static RunRemark? FailureOf(ScenarioRunResult run) =>
        run.Failure is { } failure ? RunRemark.Fails($"{failure}") : null;

    private static string Where(ScenarioRunResult[] runs)
    {
        var scenarios = runs.Select(run => run.Scenario).Distinct().Count();
        var times = runs.Max(run => run.Run);
        return $"in {scenarios} {(scenarios == 1 ? "scenario" : "scenarios")}{(times == 1 ? "" : $", {times} runs")}";
    }

    // By name where they are few, and how often where it was not in every run.
    private static string Where(ScenarioRunResult[] all, ScenarioRunResult[] some)
    {
        var names = some.Select(run => run.Scenario).Distinct().ToArray();
        var runs = all.Count(run => names.Contains(run.Scenario));
        var where = NamesOf(names, all.Select(run => run.Scenario).Distinct().Count());
        return some.Length < runs ? $"{where} ({some.Length} of {runs} runs)" : where;
    }

    private static string NamesOf(string[] names, int scenarios)
    {
        if (names.Length <= NamedScenarios)
            return string.Join(", ", names);
        return names.Length == scenarios
            ? $"in all {scenarios} scenarios"
            : $"in {names.Length} of {scenarios} scenarios";
    }

    private const int NamedScenarios = 2;

    private sealed record FaultyRun(ScenarioRunResult Run, RemarkText Text);
}
