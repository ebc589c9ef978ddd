using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Measurements;
using OcspLab.Comparison.Scenarios;

namespace OcspLab.Comparison.Results;

/// <summary>Everything that a comparison saw; the reports are made of it.</summary>
/// <param name="At">When it began.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Validity">How long the responder's answers lasted in the scenarios.</param>
/// <param name="Runs">How often the scenarios were to be run; a comparison that was cut short has fewer runs.</param>
/// <param name="Servers">Who took part.</param>
/// <param name="Missing">Who could not.</param>
/// <param name="Scenarios">What happened.</param>
public sealed record ComparisonResult(
    DateTimeOffset At, TimeSpan Took, TimeSpan Validity, int Runs, IReadOnlyList<ComparedProgram> Servers, IReadOnlyList<MissingProgram> Missing, IReadOnlyList<ComparedSituation> Scenarios)
{
    /// <summary>What was seen in the scenarios.</summary>
    public IReadOnlyList<LaneResult> Lanes { get; init; } = [];

    /// <summary>What follows from it, server by server; empty where no scenario was run.</summary>
    public IReadOnlyList<Finding> Findings => [.. Judged.SelectMany(server => Finding.Of(server, this))];

    /// <summary>The servers that went through scenarios, in their order.</summary>
    public IReadOnlyList<string> Judged => [.. Lanes.Select(lane => lane.Server).Distinct()];

    /// <summary>The article's claims, and what became of them.</summary>
    public IReadOnlyList<ArticleClaim> Claims => [.. ArticleClaim.Of(this)];

    /// <summary>How long clients waited for the status.</summary>
    public IReadOnlyList<Latency> Latencies { get; init; } = [];

    /// <summary>What the responder was asked for crowds of clients.</summary>
    public IReadOnlyList<CrowdLoad> Loads { get; init; } = [];

    /// <summary>What handshakes cost the servers.</summary>
    public IReadOnlyList<HandshakeCost> Costs { get; init; } = [];

    /// <summary>What clients made of staples, or null where they were not asked.</summary>
    public ClientMatrix? Clients { get; init; }

    /// <summary>Whether somebody ended it early: then it is what was seen until then.</summary>
    public bool IsCutShort { get; init; }

    /// <summary>What could not be seen or measured, and why.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];
}

/// <summary>A server that took part.</summary>
/// <param name="Name">One word.</param>
/// <param name="Version">What it says of itself.</param>
/// <param name="Setting">How it was set up.</param>
public sealed record ComparedProgram(string Name, string Version, string Setting);

/// <summary>Who could not take part.</summary>
/// <param name="Name">One word.</param>
/// <param name="Reason">Why.</param>
public sealed record MissingProgram(string Name, string Reason);

/// <summary>A scenario of the comparison.</summary>
/// <param name="Name">One word.</param>
/// <param name="Title">What happens.</param>
public sealed record ComparedSituation(string Name, string Title);

/// <summary>Many measurements of one thing.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Lowest">The least.</param>
/// <param name="Highest">The most.</param>
/// <param name="Count">How many.</param>
public sealed record Spread(double Median, double Lowest, double Highest, int Count)
{
    /// <summary>Of at least one number.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Spread Of(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        if (sorted.Length == 0)
            throw new ArgumentException("There is no number to take the median of.", nameof(numbers));
        var middle = sorted.Length / 2;
        return new Spread(sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, sorted[0], sorted[^1], sorted.Length);
    }
}
