using System.Globalization;

namespace OcspLab.Lab;

/// <summary>Sentences that every form of the report shares.</summary>
internal static class ComparisonText
{
    public const string Procedure = """
        Every server goes through every scenario in a process, with a folder and a certificate of its own, all of them at once around one responder, whose journal tells them apart.
        A server is left alone after its start, then clients shake hands in a steady rhythm and verify what is stapled, with one second of allowance for clocks. After a while the
        scenario's trouble begins, for that certificate alone. Procedure and questions are those of "Is the Web Ready for OCSP Must-Staple?" (Chung et al., IMC 2018), and some more.
        """;

    /// <summary>What clients saw, as a few words with times.</summary>
    public static string Story(LaneResult lane)
    {
        var parts = new List<string>();
        foreach (var (seen, from, to) in Spans(lane))
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{Finding.Word(seen)} {from.TotalSeconds:0}–{to.TotalSeconds:0} s"));
        return parts.Count == 0 ? "nothing" : string.Join(", ", parts);
    }

    /// <summary>Spans of time in which clients saw the same.</summary>
    public static IEnumerable<(Seen Seen, TimeSpan From, TimeSpan To)> Spans(LaneResult lane)
    {
        for (var index = 0; index < lane.Observations.Count;)
        {
            var first = lane.Observations[index];
            var last = index;
            while (last + 1 < lane.Observations.Count && lane.Observations[last + 1].Kind == first.Kind)
                last++;
            yield return (first.Kind, first.At, last + 1 < lane.Observations.Count ? lane.Observations[last + 1].At : lane.Observations[last].At);
            index = last + 1;
        }
    }
}
