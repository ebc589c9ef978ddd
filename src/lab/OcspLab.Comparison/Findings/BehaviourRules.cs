using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Scenarios;
using OcspLab.Lab.Timelines;

namespace OcspLab.Comparison.Findings;

/// <summary>What a stapling server should do in every run of one kind of scenario.</summary>
/// <param name="Behaviour">The row's title.</param>
/// <param name="Kind">The kind of scenario that shows it.</param>
/// <param name="Judge">What one run says of it.</param>
internal sealed record RunRule(string Behaviour, ScenarioKind Kind, Func<ScenarioRunResult, RunRemark> Judge)
{
    /// <summary>Whether a server can only be late with it that looks at intervals longer than answers last.</summary>
    public bool TakesLooking { get; init; }
}

/// <summary>What a stapling server should do in no run at all.</summary>
/// <param name="Behaviour">The row's title.</param>
/// <param name="Kind">The kind of scenario that shows it, or null for all.</param>
/// <param name="FindFault">What is wrong in one run, or null.</param>
internal sealed record FaultRule(string Behaviour, ScenarioKind? Kind, Func<ScenarioRunResult, RemarkText?> FindFault);

/// <summary>What is asked of a stapling server; the questions of Chung et al. (IMC 2018), and some more.</summary>
internal static class BehaviourRules
{
    public static RunRule AsksBeforeClients { get; } =
        new("asks before the first client", ScenarioKind.Undisturbed, run =>
            RunRemark.Judge(run.BeforeClients > 0, $"asked {Quantity.Times(run.BeforeClients)} before")
        );

    public static RunRule StaplesFirstHandshake { get; } =
        new("the very first handshake is stapled", ScenarioKind.Undisturbed, run =>
        {
            var first = run.Observations.FirstOrDefault(seen => seen.IsHandshake)?.Result ?? HandshakeResult.Refused;
            return RunRemark.Judge(first == HandshakeResult.Good, $"{first.ToWords()}");
        });

    public static RunRule ServesManyClients { get; } =
        new("one answer serves many clients", ScenarioKind.Undisturbed, run =>
            RunRemark.Judge(
                run.Requests.Count <= run.Observations.Count / HandshakesPerRequest,
                $"asked {Quantity.Times(run.Requests.Count)} for {run.Observations.Count} handshakes"
            )
        );

    public static RunRule IsNeverWithout { get; } =
        new("is never without a staple while all is well", ScenarioKind.Undisturbed, run =>
        {
            var handshakes = run.Observations.Where(seen => seen.IsHandshake).ToArray();
            if (handshakes.Length == 0)
                return RunRemark.Fails($"no handshake");
            var without = handshakes.Count(seen => seen.Result != HandshakeResult.Good);
            return without == 0
                ? RunRemark.Holds($"never")
                : RunRemark.Fails($"{without} of {handshakes.Length} handshakes");
        }) { TakesLooking = true };

    public static FaultRule StaplesNothingExpired { get; } = new("staples nothing past its nextUpdate", null, run =>
        {
            if (run.Observations.LastOrDefault(seen => seen.Result == HandshakeResult.Expired) is not { } expired)
                return null;
            var until = run.Observations.Where(seen => seen.At < expired.At).Max(seen => seen.Until);
            return until is { } end
                ? Say($"still {Quantity.Seconds(expired.At - end)} later")
                : Say($"expired from the start");
        });

    public static FaultRule StaplesNothingWrong { get; } =
        new("staples nothing that no client may believe", null, run =>
            run.Observations.FirstOrDefault(seen => seen.Result == HandshakeResult.Wrong) is { } wrong
                ? Say($"{wrong.Detail?.Split(':')[0] ?? ""}")
                : null
        );

    public static FaultRule KeepsGoodStaple { get; } =
        new("keeps its good staple to its end while the responder misbehaves", ScenarioKind.Fault, run =>
            LostAfter(run) is { } lost ? Say($"lost after {Quantity.Seconds(lost)}") : null
        );

    public static RunRule TellsRevocation { get; } = new("tells of a revocation", ScenarioKind.Revoked, run =>
        {
            var revoked = run.Observations.FirstOrDefault(seen => seen.Result == HandshakeResult.Revoked);
            var then = (revoked ?? run.Observations[^1]).Result.ToWords();
            var good = run.Observations.LastOrDefault(seen =>
                seen.Result == HandshakeResult.Good && seen.At >= run.Begun
            );
            return good is null
                ? RunRemark.Judge(revoked is not null, $"at once {then}")
                : RunRemark.Judge(
                    revoked is not null,
                    $"good for {Quantity.Seconds(good.At - run.Begun)}, then {then}"
                );
        }) { TakesLooking = true };

    public static RunRule SurvivesRestart { get; } =
        new("survives a restart during an outage", ScenarioKind.Restart, run =>
        {
            var after = run.Observations.FirstOrDefault(seen => seen.At > run.Begun && seen.IsHandshake)?.Result;
            return RunRemark.Judge(after == HandshakeResult.Good, $"{(after ?? HandshakeResult.Refused).ToWords()}");
        });

    public static RunRule IsStapledAgainSoon { get; } =
        new("is stapled again soon after the outage", ScenarioKind.Restart, run =>
        {
            if (run.Ended is not { } ended)
                return RunRemark.Fails($"the outage did not end");
            var during = Quantity.Times(run.Requests.Count(request => request.At >= run.Begun && request.At < ended));
            // One that came through with its staple had nothing to get back.
            var between = run
                .Observations.Where(seen => seen.At > run.Begun && seen.At < ended && seen.IsHandshake)
                .ToArray();
            if (between.Length > 0 && Array.TrueForAll(between, seen => seen.Result == HandshakeResult.Good))
                return RunRemark.Holds($"it was never lost, asked {during} during it");
            if (
                run.Observations.FirstOrDefault(seen => seen.At >= ended && seen.Result == HandshakeResult.Good) is
                { } again
            )
            {
                return RunRemark.Judge(
                    again.At - ended <= RecoveryLimit,
                    $"after {Quantity.Seconds(again.At - ended)}, asked {during} during it"
                );
            }

            var watched = run.Observations[^1].At - ended;
            return new RunRemark(
                watched < RecoveryLimit ? FindingVerdict.Unseen : FindingVerdict.Fails,
                $"not within {Quantity.Seconds(watched)}, asked {during} during it"
            );
        });

    public static RunRule ShowsMustStapleOnlyStapled { get; } =
        new("shows a must-staple certificate only with its staple", ScenarioKind.MustStaple, run =>
        {
            var without = run.Observations.Count(seen => seen.Result == HandshakeResult.Unstapled);
            if (without > 0)
                return RunRemark.Fails($"{without} of {run.Observations.Count} handshakes without");
            var last = run.Observations[^1].Result;
            return last == HandshakeResult.Good
                ? RunRemark.Holds($"no handshake until there was one")
                : RunRemark.Fails($"at the end {last.ToWords()}");
        });

    /// <summary>
    /// When a good staple was lost, since the trouble began: one that clients have seen, and that lasts longer, must
    /// still be there.
    /// </summary>
    public static TimeSpan? LostAfter(ScenarioRunResult run)
    {
        TimeSpan lasts = default;
        foreach (var seen in run.Observations)
        {
            if (seen is { Result: HandshakeResult.Good, Until: { } until } && until > lasts)
                lasts = until;
            else if (
                seen.At > run.Begun
                && seen.At < lasts - EndTolerance
                && seen.Result is (HandshakeResult.Unstapled or HandshakeResult.Revoked)
            )
                return seen.At - run.Begun;
        }

        return null;
    }

    private static RemarkText Say(RemarkText text) => text;

    private const int HandshakesPerRequest = 3;
    private static readonly TimeSpan EndTolerance = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(60);
}
