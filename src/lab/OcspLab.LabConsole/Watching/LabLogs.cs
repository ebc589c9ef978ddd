using System.Globalization;
using OcspLab.Lab.Fleets;

namespace OcspLab.LabConsole.Watching;

/// <summary>The lab's log files, a few seconds of them at a time.</summary>
public sealed class LabLogs(LabHistory history)
{
    /// <summary>What a server's log says around a moment; at most so many lines.</summary>
    public IReadOnlyList<string> Around(string server, DateTimeOffset moment)
    {
        if (history.Topology is not { } topology)
            return [];
        string[] files = server switch
        {
            Lab.Topology.LabTopology.Nginx => Nginx(topology.NginxDirectory),
            Lab.Topology.LabTopology.NginxKept =>
            [
                .. Nginx(topology.NginxKeptDirectory),
                Path.Combine(topology.LogDirectory, $"{Lab.Topology.LabTopology.Keep}.log"),
            ],
            _ when topology.FindFleetSite(server) is not null => FleetFolder.LogOf(topology.Directory, server)
                is { } log
                ? [log]
                : [],
            _ => [Path.Combine(topology.LogDirectory, $"{server}.log")],
        };
        return
        [
            .. files
                .SelectMany(ReadEnd)
                .Where(line => TimesOf(line).Any(at => (at - moment).Duration() <= Distance))
                .Take(MostLines),
        ];
    }

    private static string[] Nginx(string directory)
    {
        var logs = Path.Combine(directory, "logs");
        return Directory.Exists(logs) ? Directory.GetFiles(logs, "*error.log") : [];
    }

    private static IEnumerable<string> ReadEnd(string path)
    {
        try
        {
            using var file = new FileStream(
                path,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete
            );
            file.Position = Math.Max(0, file.Length - MostRead);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd().Split('\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // The lab's own lines have UTC; nginx' the time of this machine, or UTC in a container.
    private static IEnumerable<DateTimeOffset> TimesOf(string line)
    {
        if (line.Length < 24)
            yield break;
        var own = line.AsSpan(0, 24);
        if (TryParse(own, "yyyy-MM-ddTHH:mm:ss.fffZ", DateTimeStyles.AssumeUniversal, out var at))
            yield return at;
        if (TryParse(line.AsSpan(0, 19), NginxTime, DateTimeStyles.AssumeLocal, out at))
            yield return at;
        if (TryParse(line.AsSpan(0, 19), NginxTime, DateTimeStyles.AssumeUniversal, out at))
            yield return at;
    }

    private static bool TryParse(ReadOnlySpan<char> text, string format, DateTimeStyles zone, out DateTimeOffset at) =>
        DateTimeOffset.TryParseExact(text, format, CultureInfo.InvariantCulture, zone, out at);

    private const string NginxTime = "yyyy/MM/dd HH:mm:ss";
    private static readonly TimeSpan Distance = TimeSpan.FromSeconds(2);
    private const int MostLines = 40;
    private const int MostRead = 1024 * 1024;
}
