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
/// <param name="Evidence">What was seen.</param>
public sealed record Finding(string Server, string Behaviour, FindingVerdict Verdict, Evidence Evidence);
