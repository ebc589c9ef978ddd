using System.Globalization;

namespace OcspLab.Lab;

/// <summary>Whether a server does what a stapling server should.</summary>
public enum FindingVerdict
{
    /// <summary>It does.</summary>
    Holds,

    /// <summary>It does not.</summary>
    Fails,

    /// <summary>This run does not show it.</summary>
    Unseen,
}

/// <summary>One cell of the matrix.</summary>
/// <param name="Server">The server.</param>
/// <param name="Behaviour">The row's title.</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Text">What was seen.</param>
public sealed record Finding(string Server, string Behaviour, FindingVerdict Verdict, string Text)
{
    /// <summary>All rows for one server.</summary>
    internal static IEnumerable<Finding> Of(string server, ComparisonResult result)
    {
        var lanes = result.Lanes.Where(lane => lane.Server == server && !lane.IsCutShort).ToArray();
        var undisturbed = Array.Find(lanes, lane => lane.Scenario == "undisturbed");
        var faults = lanes.Where(lane => Scenario.All.Any(scenario => scenario.Name == lane.Scenario && scenario.Kind == ScenarioKind.Fault)).ToArray();

        yield return Judge("asks before the first client", undisturbed, lane => (lane.BeforeClients > 0, $"{Requests(lane.BeforeClients)} before"));
        yield return Judge("the very first handshake is stapled", undisturbed, lane => (First(lane) == Seen.Good, Word(First(lane))));
        yield return Judge("one answer serves many clients", undisturbed, lane => (lane.Requests.Count <= lane.Observations.Count / 3, $"{Requests(lane.Requests.Count)} for {lane.Observations.Count} handshakes"));
        yield return Judge("is never without a staple while all is well", undisturbed, lane =>
        {
            var shaken = lane.Observations.Where(seen => seen.Kind != Seen.Refused).ToArray();
            var without = shaken.Count(seen => seen.Kind != Seen.Good);
            return (without == 0 && shaken.Length > 0, without == 0 ? shaken.Length == 0 ? "no handshake" : "never" : $"{without} of {shaken.Length} handshakes");
        });
        yield return JudgeAll("staples nothing past its nextUpdate", lanes, lane => lane.Observations.FirstOrDefault(seen => seen.Kind == Seen.Expired) is { } expired ? $"{lane.Scenario}: still at {Seconds(expired.At)}" : null);
        yield return JudgeAll("staples nothing that no client may believe", lanes, lane => lane.Observations.FirstOrDefault(seen => seen.Kind == Seen.Wrong) is { } wrong ? $"{lane.Scenario}: {wrong.Detail?.Split(':')[0]}" : null);
        // What a server loses by itself is not the trouble's doing.
        var losesAnyway = undisturbed is { Failure: null } && Lost(undisturbed) is not null;
        yield return losesAnyway ? new Finding(server, "keeps its good staple while the responder misbehaves", FindingVerdict.Unseen, "it loses it undisturbed, too") : JudgeAll("keeps its good staple while the responder misbehaves", faults, lane => Lost(lane) is { } lost ? $"{lane.Scenario}: lost after {Seconds(lost)}" : null);
        yield return Judge("tells of a revocation", Array.Find(lanes, lane => lane.Scenario == "revoked"), lane =>
        {
            var revoked = lane.Observations.FirstOrDefault(seen => seen.Kind == Seen.Revoked);
            var good = lane.Observations.LastOrDefault(seen => seen.Kind == Seen.Good && seen.At >= lane.Begun);
            var on = good is null ? "at once" : $"good for {Seconds(good.At - lane.Begun)}";
            return (revoked is not null, $"{on}, then {Word(revoked?.Kind ?? lane.Observations[^1].Kind)}");
        });
        var restart = Array.Find(lanes, lane => lane.Scenario == "restart");
        yield return Judge("survives a restart during an outage", restart, lane =>
        {
            var after = lane.Observations.FirstOrDefault(seen => seen.At > lane.Begun && seen.Kind != Seen.Refused)?.Kind ?? Seen.Refused;
            return (after == Seen.Good, Word(after));
        });
        yield return Judge("is stapled again soon after the outage", restart, lane =>
        {
            if (lane.Ended is not { } ended)
                return (false, "the outage did not end");
            var during = lane.Requests.Count(request => request.At >= lane.Begun && request.At < ended);
            var again = lane.Observations.FirstOrDefault(seen => seen.At >= ended && seen.Kind == Seen.Good);
            return (again is not null && again.At - ended <= Soon, $"{(again is null ? "not seen" : $"after {Seconds(again.At - ended)}")}, {Requests(during)} during it");
        });
        yield return Judge("shows a must-staple certificate only with its staple", Array.Find(lanes, lane => lane.Scenario == "mustStaple"), lane =>
        {
            var without = lane.Observations.Count(seen => seen.Kind == Seen.Unstapled);
            var last = lane.Observations[^1].Kind;
            return (without == 0 && last == Seen.Good, without > 0 ? $"{without} of {lane.Observations.Count} handshakes without" : $"no handshake until there was one, then {Word(last)}");
        });

        Finding Judge(string behaviour, LaneResult? lane, Func<LaneResult, (bool Holds, string Text)> judge)
        {
            if (lane is null)
                return new Finding(server, behaviour, FindingVerdict.Unseen, "not run");
            if (lane.Failure is { } failure)
                return new Finding(server, behaviour, FindingVerdict.Fails, failure);
            var (holds, text) = judge(lane);
            return new Finding(server, behaviour, holds ? FindingVerdict.Holds : FindingVerdict.Fails, text);
        }

        Finding JudgeAll(string behaviour, IReadOnlyCollection<LaneResult> all, Func<LaneResult, string?> fault)
        {
            var found = all.Select(lane => lane.Failure is { } failure ? $"{lane.Scenario}: {failure}" : fault(lane)).OfType<string>().ToArray();
            return all.Count == 0 ? new Finding(server, behaviour, FindingVerdict.Unseen, "not run")
                : new Finding(server, behaviour, found.Length == 0 ? FindingVerdict.Holds : FindingVerdict.Fails, found.Length == 0 ? $"in {all.Count} lanes" : string.Join("; ", found));
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

    private static string Requests(int count) => count == 1 ? "1 request" : $"{count} requests";

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s");

    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
}
