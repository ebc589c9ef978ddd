using System.Globalization;

namespace OcspLab.Lab.Timelines;

/// <summary>A span of time in which clients saw the same.</summary>
/// <param name="Result">What they saw.</param>
/// <param name="From">When the first one did, since the run's start.</param>
/// <param name="To">When one first saw something else, or the last one looked.</param>
/// <param name="First">Which observation it begins with.</param>
public readonly record struct ObservedSpan(HandshakeResult Result, TimeSpan From, TimeSpan To, int First);

/// <summary>A span of time in which a response that clients were given was in force.</summary>
/// <param name="From">When it was first seen, since the run's start.</param>
/// <param name="To">Its nextUpdate.</param>
public readonly record struct ValidityWindow(TimeSpan From, TimeSpan To);

/// <summary>What clients saw, as spans of time.</summary>
public static class Timeline
{
    /// <summary>What clients saw, one after the other.</summary>
    /// <param name="seen">The observations, in order.</param>
    /// <param name="longestGap">
    /// How far apart two observations may be for what is between them to be taken for seen; null for any distance.
    /// </param>
    public static IEnumerable<ObservedSpan> Spans(IReadOnlyList<Observation> seen, TimeSpan? longestGap = null)
    {
        ArgumentNullException.ThrowIfNull(seen);
        for (var index = 0; index < seen.Count; )
        {
            var last = index;
            while (last + 1 < seen.Count && seen[last + 1].Result == seen[index].Result && IsNear(last))
                last++;
            var end = last + 1 < seen.Count && IsNear(last) ? last + 1 : last;
            yield return new ObservedSpan(seen[index].Result, seen[index].At, seen[end].At, index);
            index = last + 1;
        }

        bool IsNear(int index) => longestGap is not { } longest || seen[index + 1].At - seen[index].At <= longest;
    }

    /// <summary>When a response was in force, whatever it said, and whether it was stapled then or not.</summary>
    public static IEnumerable<ValidityWindow> Windows(IReadOnlyList<Observation> observations)
    {
        ArgumentNullException.ThrowIfNull(observations);
        ValidityWindow? window = null;
        foreach (var seen in observations)
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
    public static string ToText(IReadOnlyList<Observation> observations)
    {
        var parts = Spans(observations)
            .Select(span =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{span.Result.ToWords()} {span.From.TotalSeconds:0}–{span.To.TotalSeconds:0} s"
                )
            );
        return observations.Count == 0 ? "nothing" : string.Join(", ", parts);
    }
}
