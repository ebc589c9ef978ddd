using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OcspLab.Lab;

/// <summary><c>ocsplab compare</c>: what it runs, and the files that it writes.</summary>
public static class CompareRun
{
    /// <summary>The names that <c>--servers</c> takes.</summary>
    public static IReadOnlyList<string> Servers { get; } = [.. StaplingServers.All.Select(server => server.Name)];

    /// <summary>The names that <c>--experiments</c> takes.</summary>
    public static IReadOnlyList<string> Experiments { get; } = [.. Scenario.All.Select(scenario => scenario.Name)];

    /// <summary>Runs the comparison.</summary>
    /// <param name="length">How long it may take.</param>
    /// <param name="servers">Whose names; empty for all.</param>
    /// <param name="experiments">Whose names; empty for those of the length.</param>
    /// <param name="clock">The time.</param>
    /// <param name="progress">Is told what goes on.</param>
    /// <param name="cancellationToken">Ends it early; what was seen is kept.</param>
    /// <exception cref="LabException">The lab around the servers cannot be made.</exception>
    public static Task<ComparisonResult> RunAsync(CompareLength length, IReadOnlyCollection<string> servers, IReadOnlyCollection<string> experiments, TimeProvider clock, Action<string> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(servers);
        ArgumentNullException.ThrowIfNull(experiments);
        var scenarios = experiments.Count > 0 ? Scenario.All.Where(scenario => experiments.Contains(scenario.Name)) : length == CompareLength.Quick ? Scenario.All.Take(Scenario.Quick) : Scenario.All;
        return new Comparison(
            length == CompareLength.Quick ? ComparisonPlan.Quick : ComparisonPlan.Full,
            [.. StaplingServers.All.Where(server => servers.Count == 0 || servers.Contains(server.Name))],
            [.. scenarios],
            clock,
            progress).RunAsync(cancellationToken);
    }

    /// <summary>Writes <c>comparison.html</c>, <c>comparison.md</c> and <c>comparison.json</c>.</summary>
    public static async Task WriteAsync(ComparisonResult result, string command, string directory)
    {
        ArgumentNullException.ThrowIfNull(result);
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "comparison.html"), ComparisonHtml.Write(result, command)).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(directory, "comparison.md"), ComparisonMarkdown.Write(result, command)).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(directory, "comparison.json"), JsonSerializer.Serialize(result, Json)).ConfigureAwait(false);
    }

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

/// <summary>How long a comparison may take.</summary>
public enum CompareLength
{
    /// <summary>Under two minutes.</summary>
    Quick,

    /// <summary>About ten minutes.</summary>
    Full,
}
