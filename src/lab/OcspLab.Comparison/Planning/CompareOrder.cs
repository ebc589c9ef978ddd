using System.Globalization;

namespace OcspLab.Comparison.Planning;

/// <summary>What is to be compared.</summary>
/// <param name="Length">How long it may take.</param>
/// <param name="Servers">Whose names; empty for all.</param>
/// <param name="Experiments">Whose names; empty for those of the length.</param>
/// <param name="Clients">Whose names; empty for all.</param>
/// <param name="Repeat">How often scenarios, latency and cost are run, or null for the length's own.</param>
public sealed record CompareOrder(
    CompareLength Length,
    IReadOnlyCollection<string> Servers,
    IReadOnlyCollection<string> Experiments,
    IReadOnlyCollection<string> Clients,
    int? Repeat
)
{
    /// <summary>The command that repeats it.</summary>
    public string Command =>
        string.Join(
            ' ',
            (string[])
                [
                    "ocsplab compare",
                    .. Length == CompareLength.Quick ? (string[])["--quick"] : [],
                    .. Names("--servers", Servers),
                    .. Names("--experiments", Experiments),
                    .. Names("--clients", Clients),
                    .. Repeat is { } times ? (string[])["--repeat", times.ToString(CultureInfo.InvariantCulture)] : [],
                ]
        );

    private static string[] Names(string option, IReadOnlyCollection<string> names) =>
        names.Count == 0 ? [] : [option, string.Join(',', names)];
}

/// <summary>How long a comparison may take.</summary>
public enum CompareLength
{
    /// <summary>Under two minutes.</summary>
    Quick,

    /// <summary>Twenty to twenty-five minutes.</summary>
    Full,
}
