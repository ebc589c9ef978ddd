namespace OcspLab.Comparison.Planning;

/// <summary>A server that took part.</summary>
/// <param name="Name">One word.</param>
/// <param name="Version">What it says of itself.</param>
/// <param name="Setting">How it was set up.</param>
/// <param name="Interval">An interval of it that follows no answer's life, or null.</param>
public sealed record ComparedProgram(string Name, string Version, string Setting, FixedInterval? Interval = null);

/// <summary>
/// A documented interval of a server that is the same however long answers last. Where they last for less, as no
/// authority's do, what it is late with says nothing of it in life.
/// </summary>
/// <param name="Length">How long.</param>
/// <param name="What">
/// What the server does, for people, with where it is documented; the sentence begins with <em>it</em>.
/// </param>
public sealed record FixedInterval(TimeSpan Length, string What);

/// <summary>Who could not take part.</summary>
/// <param name="Name">One word.</param>
/// <param name="Reason">Why.</param>
public sealed record MissingProgram(string Name, string Reason);

/// <summary>A scenario of the comparison.</summary>
/// <param name="Name">One word.</param>
/// <param name="Title">What happens.</param>
public sealed record ComparedSituation(string Name, string Title);
