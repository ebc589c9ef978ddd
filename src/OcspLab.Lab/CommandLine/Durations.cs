using System.CommandLine;
using System.Globalization;

namespace OcspLab.Lab;

/// <summary>Durations on the command line, as .NET writes them: <c>00:00:30</c>, <c>7.00:00:00</c>.</summary>
public static class Durations
{
    /// <summary>An option that takes one; with <paramref name="orNone"/> it may be zero.</summary>
    public static Option<TimeSpan?> Option(string name, string description, bool orNone = false) => new(name)
    {
        Description = $"{description} As hh:mm:ss, or d.hh:mm:ss.",
        HelpName = "DURATION",
        CustomParser = result =>
        {
            // A bare number would be days, which is not what anybody means by "--for 30".
            if (result.Tokens[0].Value.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var duration) && (duration > TimeSpan.Zero || (orNone && duration == TimeSpan.Zero)))
                return duration;
            result.AddError($"{name} is a duration such as 00:00:30 or 7.00:00:00, not '{result.Tokens[0].Value}'.");
            return null;
        },
    };
}
