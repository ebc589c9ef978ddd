using System.CommandLine;
using System.Globalization;

namespace OcspLab.Cli.CommandLine;

/// <summary>Durations on the command line, as .NET writes them: <c>00:00:30</c>, <c>7.00:00:00</c>.</summary>
public static class Durations
{
    /// <summary>An option that takes one; with <paramref name="orNone"/> it may be zero.</summary>
    public static Option<TimeSpan?> Option(string name, string description, bool orNone = false) =>
        new(name)
        {
            Description = $"{description} As hh:mm:ss, or d.hh:mm:ss.",
            HelpName = "DURATION",
            CustomParser = result =>
            {
                if (
                    TryParse(result.Tokens[0].Value, out var duration)
                    && (duration > TimeSpan.Zero || (orNone && duration == TimeSpan.Zero))
                )
                    return duration;
                result.AddError(
                    $"{name} is a duration such as 00:00:30 or 1.00:00:00 (a day), not '{result.Tokens[0].Value}'."
                );
                return null;
            },
        };

    /// <summary>
    /// Reads one. A bare number would be days, and so would be the hours of <c>24:00:00</c>, which is not what anybody
    /// means.
    /// </summary>
    public static bool TryParse(string text, out TimeSpan duration) =>
        TimeSpan.TryParseExact(
            text,
            [@"h\:mm", @"h\:mm\:ss", @"h\:mm\:ss\.FFFFFFF", @"d\.h\:mm\:ss", @"d\.h\:mm\:ss\.FFFFFFF"],
            CultureInfo.InvariantCulture,
            out duration
        );
}
