using System.Globalization;

namespace OcspLab.Responder.Listening;

/// <summary>
/// How many connections the process has file descriptors for (getrlimit(2), RLIMIT_NOFILE). A runtime that cannot open
/// one more ends the process.
/// </summary>
internal static class DescriptorLimit
{
    /// <summary>What is left for connections, or null where it is not known: systems other than Linux.</summary>
    public static int? ForConnections()
    {
        try
        {
            var line = File.ReadLines("/proc/self/limits")
                .FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
            var soft = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(3);
            return int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
                ? Math.Max(Fewest, limit - Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - Reserve)
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // For databases, files that change, the admin API, and assemblies that are loaded late.
    private const int Reserve = 96;
    private const int Fewest = 8;
}
