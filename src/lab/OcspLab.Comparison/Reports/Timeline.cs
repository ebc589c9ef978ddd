using System.Globalization;
using OcspLab.Comparison.Scenarios;

namespace OcspLab.Comparison.Reports;

/// <summary>A span of time in which clients saw the same.</summary>
/// <param name="Result">What they saw.</param>
/// <param name="From">When the first one did, since the run's start.</param>
/// <param name="To">When one first saw something else, or the last one looked.</param>
internal readonly record struct ObservedSpan(HandshakeResult Result, TimeSpan From, TimeSpan To);

/// <summary>A span of time in which a response that clients were given was in force.</summary>
/// <param name="From">When it was first seen, since the run's start.</param>
/// <param name="To">Its nextUpdate.</param>
internal readonly record struct ValidityWindow(TimeSpan From, TimeSpan To);

/// <summary>One run of a scenario, as spans of time.</summary>
internal static class Timeline
{
    /// <summary>What clients saw, one after the other.</summary>
    public static IEnumerable<ObservedSpan> Spans(ScenarioRunResult run)
    {
        var seen = run.Observations;
        for (var index = 0; index < seen.Count; )
        {
            var last = index;
            while (last + 1 < seen.Count && seen[last + 1].Result == seen[index].Result)
                last++;
            yield return new ObservedSpan(
                seen[index].Result,
                seen[index].At,
                seen[Math.Min(last + 1, seen.Count - 1)].At
            );
            index = last + 1;
        }
    }

    /// <summary>When a response was in force, whatever it said, and whether it was stapled then or not.</summary>
    public static IEnumerable<ValidityWindow> Windows(ScenarioRunResult run)
    {
        ValidityWindow? window = null;
        foreach (var seen in run.Observations)
        {
            // Verified with a tolerance, it may be over already.
            if (seen.Until is not { } until || until <= seen.At)
                continue;
            if (window is { } last && seen.At > last.To)
            {
                yield return last;
                window = null;
            }

            window = window is { } open
                ? open with
                {
                    To = until > open.To ? until : open.To,
                }
                : new ValidityWindow(seen.At, until);
        }

        if (window is { } rest)
            yield return rest;
    }

    /// <summary>What clients saw, as a few words with times.</summary>
    public static string ToText(ScenarioRunResult run)
    {
        var parts = Spans(run)
            .Select(span =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{span.Result.ToWords()} {span.From.TotalSeconds:0}–{span.To.TotalSeconds:0} s"
                )
            );
        return run.Observations.Count == 0 ? "nothing" : string.Join(", ", parts);
    }
}
