using OcspLab.Lab.Processes;

namespace OcspLab.Lab.Fleets;

/// <summary>The programs of others that a fleet is made of.</summary>
public static class FleetPrograms
{
    /// <summary>What is missing here and what brings it, or null.</summary>
    public static string? Missing =>
        ChildProcess.Find("redis-server") is null ? "redis-server is not installed (apt install redis-server)"
        : ChildProcess.Find("haproxy") is null ? DebianPackages.Missing("haproxy")
        : PostgresFolder is null ? "PostgreSQL's server is not installed (apt install postgresql)"
        : null;

    /// <summary>Where the newest PostgreSQL's programs are; Debian has them on nobody's PATH.</summary>
    internal static string? PostgresFolder =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory
                .GetDirectories("/usr/lib/postgresql")
                .Order(StringComparer.Ordinal)
                .Select(version => Path.Combine(version, "bin"))
                .LastOrDefault(folder => File.Exists(Path.Combine(folder, "postgres")))
            : Path.GetDirectoryName(ChildProcess.Find("postgres"));
}
