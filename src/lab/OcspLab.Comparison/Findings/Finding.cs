using OcspLab.Comparison.Results;
using OcspLab.Comparison.Scenarios;

namespace OcspLab.Comparison.Findings;

/// <summary>Whether a server does what a stapling server should.</summary>
public enum FindingVerdict
{
    /// <summary>It does.</summary>
    Holds,

    /// <summary>It does not.</summary>
    Fails,

    /// <summary>This comparison does not show it.</summary>
    Unseen,
}

/// <summary>One cell of the matrix.</summary>
/// <param name="Server">The server.</param>
/// <param name="Behaviour">The row's title.</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Text">What was seen.</param>
public sealed record Finding(string Server, string Behaviour, FindingVerdict Verdict, string Text)
{
    /// <summary>What is said where nobody looked.</summary>
    internal const string NotRun = "not run";

    /// <summary>All rows for one server. A row holds where it does in every run.</summary>
    internal static IEnumerable<Finding> Of(string server, ComparisonResult result)
    {
        var all = result.Lanes.Where(lane => lane.Server == server).ToArray();
        var lanes = Array.FindAll(all, lane => !lane.IsCutShort);
        var unseen = lanes.Length < all.Length ? "ended early" : NotRun;
        var runs = lanes.ToLookup(lane => lane.Kind);
        var undisturbed = runs[ScenarioKind.Undisturbed];

        yield return Judge("asks before the first client", undisturbed, lane => new(lane.BeforeClients > 0, $"asked {new Times(lane.BeforeClients)} before"));
        yield return Judge("the very first handshake is stapled", undisturbed, lane => new(First(lane) == Seen.Good, $"{Word(First(lane))}"));
        yield return Judge("one answer serves many clients", undisturbed, lane => new(lane.Requests.Count <= lane.Observations.Count / 3, $"asked {new Times(lane.Requests.Count)} for {lane.Observations.Count} handshakes"));
        yield return Judge("is never without a staple while all is well", undisturbed, lane =>
        {
            var shaken = lane.Observations.Where(seen => seen.Kind != Seen.Refused).ToArray();
            var without = shaken.Count(seen => seen.Kind != Seen.Good);
            return shaken.Length == 0 ? new(false, $"no handshake") : without == 0 ? new(true, $"never") : new(false, $"{without} of {shaken.Length} handshakes");
        });
        yield return JudgeAll("staples nothing past its nextUpdate", lanes, lane => lane.Observations.LastOrDefault(seen => seen.Kind == Seen.Expired) is not { } expired ? null
            : lane.Observations.Where(seen => seen.At < expired.At).Max(seen => seen.Until) is { } until ? new(false, $"still {expired.At - until} later") : new(false, $"expired from the start"));
        yield return JudgeAll("staples nothing that no client may believe", lanes, lane => lane.Observations.FirstOrDefault(seen => seen.Kind == Seen.Wrong) is { } wrong ? new(false, $"{wrong.Detail?.Split(':')[0]}") : null);
        // What a server loses by itself is not the trouble's doing.
        yield return undisturbed.Any(lane => lane.Failure is null && Lost(lane) is not null)
            ? new Finding(server, Keeps, FindingVerdict.Unseen, "it loses it undisturbed, too")
            : JudgeAll(Keeps, [.. runs[ScenarioKind.Fault]], lane => Lost(lane) is { } lost ? new(false, $"lost after {lost}") : null);
        yield return Judge("tells of a revocation", runs[ScenarioKind.Revoked], lane =>
        {
            var revoked = lane.Observations.FirstOrDefault(seen => seen.Kind == Seen.Revoked);
            var then = Word(revoked?.Kind ?? lane.Observations[^1].Kind);
            return lane.Observations.LastOrDefault(seen => seen.Kind == Seen.Good && seen.At >= lane.Begun) is { } good
                ? new(revoked is not null, $"good for {good.At - lane.Begun}, then {then}")
                : new(revoked is not null, $"at once {then}");
        });
        yield return Judge("survives a restart during an outage", runs[ScenarioKind.Restart], lane =>
        {
            var after = lane.Observations.FirstOrDefault(seen => seen.At > lane.Begun && seen.Kind != Seen.Refused)?.Kind ?? Seen.Refused;
            return new(after == Seen.Good, $"{Word(after)}");
        });
        yield return Judge("is stapled again soon after the outage", runs[ScenarioKind.Restart], lane =>
        {
            if (lane.Ended is not { } ended)
                return new(false, $"the outage did not end");
            var during = new Times(lane.Requests.Count(request => request.At >= lane.Begun && request.At < ended));
            // One that came through with its staple had nothing to get back.
            var between = lane.Observations.Where(seen => seen.At > lane.Begun && seen.At < ended && seen.Kind != Seen.Refused).ToArray();
            if (between.Length > 0 && Array.TrueForAll(between, seen => seen.Kind == Seen.Good))
                return new(true, $"it was never lost, asked {during} during it");
            var watched = lane.Observations[^1].At - ended;
            return lane.Observations.FirstOrDefault(seen => seen.At >= ended && seen.Kind == Seen.Good) is { } again
                ? new(again.At - ended <= Soon, $"after {again.At - ended}, asked {during} during it")
                : new(watched < Soon ? FindingVerdict.Unseen : FindingVerdict.Fails, $"not within {watched}, asked {during} during it");
        });
        yield return Judge("shows a must-staple certificate only with its staple", runs[ScenarioKind.MustStaple], lane =>
        {
            var without = lane.Observations.Count(seen => seen.Kind == Seen.Unstapled);
            var last = lane.Observations[^1].Kind;
            return without > 0 ? new(false, $"{without} of {lane.Observations.Count} handshakes without") : last == Seen.Good ? new(true, $"no handshake until there was one") : new(false, $"at the end {Word(last)}");
        });

        Finding Judge(string behaviour, IEnumerable<LaneResult> seen, Func<LaneResult, RunRemark> judge)
        {
            RunRemark[] judged = [.. seen.Select(lane => lane.Failure is { } failure ? new(false, $"{failure}") : judge(lane))];
            return judged.Length == 0 ? new Finding(server, behaviour, FindingVerdict.Unseen, unseen)
                : new Finding(server, behaviour, RunRemark.Sum(judged), RunRemark.Join(judged, judged.Length));
        }

        Finding JudgeAll(string behaviour, IReadOnlyCollection<LaneResult> seen, Func<LaneResult, RunRemark?> fault)
        {
            var remarks = seen.Select(lane => (Lane: lane, Remark: lane.Failure is { } failure ? new(false, $"{failure}") : fault(lane))).Where(one => one.Remark is not null);
            string[] found = [.. remarks.GroupBy(one => one.Remark!.Words).Select(same => $"{In(seen, [.. same.Select(one => one.Lane)])}: {RunRemark.Tell([.. same.Select(one => one.Remark!)])}")];
            return seen.Count == 0 ? new Finding(server, behaviour, FindingVerdict.Unseen, unseen)
                : new Finding(server, behaviour, found.Length == 0 ? FindingVerdict.Holds : FindingVerdict.Fails, found.Length == 0 ? In(seen) : string.Join("; ", found));
        }
    }

    /// <summary>A word for what a client saw.</summary>
    internal static string Word(Seen seen) => seen switch
    {
        Seen.Good => "good",
        Seen.Revoked => "revoked",
        Seen.Unstapled => "nothing",
        Seen.Expired => "an expired answer",
        Seen.Wrong => "a wrong answer",
        _ => "no handshake",
    };

    private static string In(IReadOnlyCollection<LaneResult> lanes)
    {
        var (scenarios, runs) = (lanes.Select(lane => lane.Scenario).Distinct().Count(), lanes.Max(lane => lane.Run));
        return $"in {scenarios} {(scenarios == 1 ? "scenario" : "scenarios")}{(runs == 1 ? "" : $", {runs} runs")}";
    }

    // By name where they are few, and how often where it was not in every run.
    private static string In(IReadOnlyCollection<LaneResult> all, IReadOnlyCollection<LaneResult> some)
    {
        var names = some.Select(lane => lane.Scenario).Distinct().ToArray();
        var runs = all.Count(lane => names.Contains(lane.Scenario));
        var scenarios = all.Select(lane => lane.Scenario).Distinct().Count();
        var where = names.Length <= Few ? string.Join(", ", names) : names.Length == scenarios ? $"in all {scenarios} scenarios" : $"in {names.Length} of {scenarios} scenarios";
        return some.Count < runs ? $"{where} ({some.Count} of {runs} runs)" : where;
    }

    private static Seen First(LaneResult lane) => lane.Observations.FirstOrDefault(seen => seen.Kind != Seen.Refused)?.Kind ?? Seen.Refused;

    // A good staple that clients have seen, and that lasts longer, must still be there.
    private static TimeSpan? Lost(LaneResult lane)
    {
        TimeSpan lasts = default;
        foreach (var seen in lane.Observations)
        {
            if (seen is { Kind: Seen.Good, Until: { } until } && until > lasts)
                lasts = until;
            else if (seen.At > lane.Begun && seen.At < lasts - Slack && seen.Kind is (Seen.Unstapled or Seen.Revoked))
                return seen.At - lane.Begun;
        }

        return null;
    }

    private const int Few = 2;
    private const string Keeps = "keeps its good staple to its end while the responder misbehaves";
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
}
