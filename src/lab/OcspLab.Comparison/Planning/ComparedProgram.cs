namespace OcspLab.Comparison.Planning;

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
