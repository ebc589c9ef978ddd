namespace OcspLab.Lab;

/// <summary>How long things last in a comparison. Everything is a part of the answers' validity, so that the quick and the full one show the same.</summary>
/// <param name="Validity">How long the responder's answers last.</param>
/// <param name="Settle">How long a server is left alone after its start, to see whether it asks by itself.</param>
/// <param name="TroubleAfter">When the scenario's trouble begins, since the lane's start.</param>
/// <param name="TroubleFor">How long the trouble of <see cref="ScenarioKind.Restart"/> lasts.</param>
/// <param name="Length">How long a lane is watched.</param>
/// <param name="Interval">Between two clients.</param>
internal sealed record ComparisonPlan(TimeSpan Validity, TimeSpan Settle, TimeSpan TroubleAfter, TimeSpan TroubleFor, TimeSpan Length, TimeSpan Interval)
{
    /// <summary>Under two minutes; too short to see nginx ask again, which it does after five minutes at the earliest.</summary>
    public static ComparisonPlan Quick { get; } = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(14), TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(54), TimeSpan.FromSeconds(1));

    /// <summary>Long enough that every server asks again while its first answer is still good.</summary>
    public static ComparisonPlan Full { get; } = new(TimeSpan.FromSeconds(420), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(480), TimeSpan.FromSeconds(3));
}
