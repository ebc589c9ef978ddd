using System.CommandLine;
using OcspLab.Lab;

namespace OcspLab.AppHost;

/// <summary>
/// What Aspire reads from the command line itself: known here only so that everything else that is unknown is an error.
/// </summary>
internal static class AspireOptions
{
    private static readonly string[] Names =
    [
        "--operation",
        "--publisher",
        "--output-path",
        "--step",
        "--environment",
        "--log-level",
        "--include-exception-details",
        "--clear-cache",
        "--list-steps",
    ];

    /// <summary>Adds them.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (var name in Names)
            root.Options.Add(new Option<string?>(name) { Hidden = true, Arity = ArgumentArity.ZeroOrOne });
        root.TreatUnmatchedTokensAsErrors = false;
    }

    /// <summary>Refuses what is neither an option nor a setting of the form <c>--Section:Key=value</c>.</summary>
    /// <exception cref="LabException">There is such a thing.</exception>
    public static void Check(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens.FirstOrDefault(token => !IsSetting(token)) is { } unknown)
            throw new LabException($"There is no option '{unknown}'. --help lists them.", LabFailure.Usage);
    }

    private static bool IsSetting(string token) =>
        token.StartsWith("--", StringComparison.Ordinal)
        && token.IndexOf(':', StringComparison.Ordinal) is > 2 and var colon
        && token.IndexOf('=', StringComparison.Ordinal) > colon;
}
