using System.Globalization;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Measurements;

namespace OcspLab.Comparison.Reports;

/// <summary>What verdicts rest on, in words.</summary>
public static class EvidenceText
{
    private const int NamedScenarios = 2;

    /// <summary>What was seen, as one sentence.</summary>
    public static string ToText(this Evidence evidence) =>
        evidence switch
        {
            UnseenEvidence unseen => Reason(unseen.Reason),
            IntervalEvidence late => $"it {late.Interval.What}",
            RunEvidence runs => Runs(runs.Remarks),
            FaultlessEvidence faultless => Faultless(faultless),
            FaultEvidence faults => string.Join("; ", faults.Faults.Select(fault => Fault(fault, faults.Scenarios))),
            LatencyEvidence latency => string.Join("; ", latency.Pairs.Select(Latency)),
            PrivacyEvidence privacy => Privacy(privacy),
            LoadEvidence load => $"for {load.Asking.Clients} clients: "
                + $"{string.Join(", ", load.Stapled.Select(server => $"{server.Requests} by {server.Server}"))}; "
                + $"{load.Asking.Requests} when they ask themselves",
            OutageEvidence outage => $"{outage.ConnectStapled} of {outage.Clients} clients connect with a staple, "
                + $"{outage.ConnectUnstapled} of {outage.Clients} without; lost to the outage: "
                + (outage.Lost.Count == 0 ? "none" : string.Join(", ", outage.Lost)),
            _ => throw new ArgumentOutOfRangeException(nameof(evidence), evidence, null),
        };

    /// <summary>A server's name, and how many of the behaviours that were seen hold.</summary>
    public static string ToText(this ServerScore score)
    {
        ArgumentNullException.ThrowIfNull(score);
        return score.Seen == 0 ? score.Server : $"{score.Server} {score.Holds}/{score.Seen}";
    }

    private static string Reason(UnseenReason reason) =>
        reason switch
        {
            UnseenReason.NotRun => "not run",
            UnseenReason.EndedEarly => "ended early",
            UnseenReason.LostUndisturbed => "it loses it undisturbed, too",
            _ => "not seen by every client",
        };

    // What is said in the same words is said once; what is not as it should be comes first.
    private static string Runs(IReadOnlyList<RunRemark> remarks) =>
        string.Join(
            "; ",
            remarks
                .OrderBy(remark => Severity(remark.Verdict))
                .GroupBy(remark => (remark.Verdict, remark.Text.Words))
                .Select(same => same.Select(remark => remark.Text).ToArray())
                .Select(same =>
                    same.Length < remarks.Count ? $"{same.Length} of {remarks.Count} runs: {Sum(same)}" : Sum(same)
                )
        );

    private static string Faultless(FaultlessEvidence evidence)
    {
        var scenarios = evidence.Scenarios == 1 ? "scenario" : "scenarios";
        return $"in {evidence.Scenarios} {scenarios}{(evidence.Runs == 1 ? "" : $", {evidence.Runs} runs")}";
    }

    // By name where they are few, and how often where it was not in every run.
    private static string Fault(Fault fault, int scenarios)
    {
        var where = Names(fault.Scenarios, scenarios);
        if (fault.Remarks.Count < fault.Runs)
            where += $" ({fault.Remarks.Count} of {fault.Runs} runs)";
        return $"{where}: {Sum(fault.Remarks)}";
    }

    private static string Names(IReadOnlyList<string> names, int scenarios)
    {
        if (names.Count <= NamedScenarios)
            return string.Join(", ", names);
        return names.Count == scenarios
            ? $"in all {scenarios} scenarios"
            : $"in {names.Count} of {scenarios} scenarios";
    }

    // Each number of remarks in the same words as median, and as spread where they differ.
    private static string Sum(IReadOnlyList<RemarkText> same)
    {
        var numbers = same[0]
            .Quantities.Select(
                (quantity, index) => Spread.Of(same.Select(text => text.Quantities[index].Value)).ToText(quantity.Unit)
            );
        return string.Concat(same[0].Parts.Zip(numbers.Append(""), (words, number) => words + number));
    }

    private static string Latency(LatencyPair pair) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{pair.RoundTrip.TotalMilliseconds:0} ms to the responder: {pair.Stapled:0.#} ms stapled, "
                + $"{pair.Asking:0.#} ms asking"
        );

    private static string Privacy(PrivacyEvidence evidence)
    {
        var parts = new List<string>();
        string[] telling =
        [
            .. evidence
                .Stapled.Where(load => load.AddressesLearnt > 0)
                .Select(load => $"{load.AddressesLearnt} with {load.Server}"),
        ];
        if (telling.Length > 0)
            parts.Add($"of {evidence.Asking.Clients} clients it knows {string.Join(", ", telling)}");
        string[] silent = [.. evidence.Stapled.Where(load => load.AddressesLearnt == 0).Select(load => load.Server)];
        if (silent.Length > 0)
            parts.Add($"none with {string.Join(", ", silent)}");
        parts.Add($"{evidence.Asking.AddressesLearnt} of {evidence.Asking.Clients} without staples");
        return string.Join("; ", parts);
    }

    private static int Severity(FindingVerdict verdict) =>
        verdict switch
        {
            FindingVerdict.Fails => 0,
            FindingVerdict.Unseen => 1,
            _ => 2,
        };
}
