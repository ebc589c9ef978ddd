using OcspLab.Comparison.Clients;
using OcspLab.Comparison.Findings;
using OcspLab.Comparison.Planning;
using OcspLab.Comparison.Reports;
using OcspLab.Comparison.Results;
using OcspLab.Comparison.Scenarios;
using OcspLab.Comparison.Servers;
using OcspLab.Lab;

namespace OcspLab.Comparison;

/// <summary><c>ocsplab compare</c>: what it runs, and the files that it writes.</summary>
public static class CompareRun
{
    /// <summary>The names that <c>--servers</c> takes.</summary>
    public static IReadOnlyList<string> Servers { get; } = [.. StaplingServers.All.Select(server => server.Name)];

    /// <summary>The names that <c>--experiments</c> takes.</summary>
    public static IReadOnlyList<string> Experiments { get; } =
    [.. Scenario.All.Select(scenario => scenario.Name), .. Measurements.Keys];

    /// <summary>The names that <c>--clients</c> takes.</summary>
    public static IReadOnlyList<string> Clients { get; } =
    [.. StatusClients.All(TimeProvider.System).Select(client => client.Name)];

    /// <summary>Runs the comparison.</summary>
    /// <exception cref="LabException">The lab around the servers cannot be made.</exception>
    public static Task<ComparisonResult> RunAsync(
        CompareOrder order,
        TimeProvider clock,
        Action<string> progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(order);
        var plan = order.Length == CompareLength.Quick ? ComparisonPlan.Quick : ComparisonPlan.Full;
        var wanted = Wanted(order.Length, order.Experiments);
        return new ComparisonRunner(
            plan with
            {
                Runs = order.Repeat ?? plan.Runs,
                Repeat = order.Repeat ?? plan.Repeat,
            },
            [
                .. StaplingServers.All.Where(server =>
                    order.Servers.Count == 0 ? !server.IsOnlyByName : order.Servers.Contains(server.Name)
                ),
            ],
            [.. Scenario.All.Where(scenario => wanted.Contains(scenario.Name))],
            [
                .. Measurements
                    .Where(measurement => wanted.Contains(measurement.Key))
                    .Select(measurement => measurement.Value),
            ],
            [
                .. StatusClients
                    .All(clock)
                    .Where(client => order.Clients.Count == 0 || order.Clients.Contains(client.Name)),
            ],
            clock,
            progress
        ).RunAsync(cancellationToken);
    }

    /// <summary>The experiments that are run: those named, or those of the length.</summary>
    public static IReadOnlyCollection<string> Wanted(CompareLength length, IReadOnlyCollection<string> named)
    {
        ArgumentNullException.ThrowIfNull(named);
        if (named.Count > 0)
            return named;
        return length == CompareLength.Quick
            ? [.. Experiments.Take(Scenario.Quick), "latency", "load"]
            : [.. Experiments.Where(name => name != "fleet")];
    }

    /// <summary>Makes sure that a report can be written there, before there is one.</summary>
    /// <exception cref="LabException">It cannot.</exception>
    public static void RequireDirectory(string directory)
    {
        var probe = Path.Combine(directory, ".probe");
        try
        {
            Directory.CreateDirectory(directory);
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"The report cannot be written to {directory}: {exception.Message}",
                LabFailure.CannotCreate,
                exception
            );
        }
    }

    /// <summary>Writes <c>comparison.html</c>, <c>comparison.md</c> and <c>comparison.json</c>.</summary>
    public static async Task WriteAsync(
        ComparisonResult result,
        ComparisonFindings findings,
        string command,
        string directory
    )
    {
        ArgumentNullException.ThrowIfNull(result);
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(
                Path.Combine(directory, "comparison.html"),
                ComparisonHtml.Write(result, findings, command)
            )
            .ConfigureAwait(false);
        await File.WriteAllTextAsync(
                Path.Combine(directory, "comparison.md"),
                ComparisonMarkdown.Write(result, findings, command)
            )
            .ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(directory, "comparison.json"), ComparisonJson.Write(result, findings))
            .ConfigureAwait(false);
    }

    private static Dictionary<string, Measurement> Measurements =>
        Enum.GetValues<Measurement>().ToDictionary(measurement => measurement.ToString().ToLowerInvariant());
}
