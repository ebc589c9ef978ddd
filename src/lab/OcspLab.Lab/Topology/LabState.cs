using System.Text.Json;

namespace OcspLab.Lab.Topology;

/// <summary>
/// A running lab's mark in its folder: other commands find the ports in it, and a second lab in the same folder is
/// refused. The mark is a locked file, so a lab that was killed leaves none behind.
/// </summary>
public sealed class LabState : IDisposable
{
    private readonly FileStream _lock;

    private LabState(FileStream @lock) => _lock = @lock;

    /// <summary>Makes the folder and takes its lock.</summary>
    /// <exception cref="LabException">Another lab runs there, or the folder cannot be written.</exception>
    public static LabState Claim(LabTopology topology, LabHost host = LabHost.Embedded)
    {
        ArgumentNullException.ThrowIfNull(topology);
        try
        {
            Directory.CreateDirectory(topology.Directory);
            Directory.CreateDirectory(topology.LogDirectory);
            var @lock = new FileStream(
                Path.Combine(topology.Directory, "lock"),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None
            );
            File.WriteAllText(
                PathIn(topology.Directory),
                JsonSerializer.Serialize(new Settings(topology.Ports, topology.OcspInCertificates, host))
            );
            return new LabState(@lock);
        }
        catch (IOException exception) when (IsLocked(topology.Directory))
        {
            throw new LabException(
                $"Another lab runs in {topology.Directory}. Stop it, or choose another folder with --lab.",
                LabFailure.Unavailable,
                exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                $"{topology.Directory} cannot be written: {exception.Message} Choose another folder with --lab.",
                LabFailure.CannotCreate,
                exception
            );
        }
    }

    /// <summary>The lab that runs in a folder, or null when none does.</summary>
    public static LabTopology? FindRunning(string directory) => IsLocked(directory) ? FindLast(directory) : null;

    /// <summary>The lab that ran last in a folder, or null when none did.</summary>
    public static LabTopology? FindLast(string directory)
    {
        return Read(directory) is { Ports: not null } settings
            ? new LabTopology
            {
                Directory = directory,
                Ports = settings.Ports,
                OcspInCertificates = settings.OcspInCertificates,
            }
            : null;
    }

    /// <summary>Who runs the lab in a folder, or ran it last.</summary>
    public static LabHost HostOf(string directory) => Read(directory)?.Host ?? LabHost.Embedded;

    /// <summary>Gives the folder back.</summary>
    public void Dispose() => _lock.Dispose();

    private static Settings? Read(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize<Settings>(File.ReadAllText(PathIn(directory)));
        }
        catch (Exception exception) when (exception is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsLocked(string directory)
    {
        var path = Path.Combine(directory, "lock");
        if (!File.Exists(path))
            return false;
        try
        {
            using var probe = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private sealed record Settings(
        LabPorts Ports,
        OcspInCertificates OcspInCertificates,
        LabHost Host = LabHost.Embedded
    );

    private static string PathIn(string directory) => Path.Combine(directory, "lab.json");
}

/// <summary>What runs a lab.</summary>
public enum LabHost
{
    /// <summary>One process of its own.</summary>
    Embedded,

    /// <summary>Aspire's orchestrator.</summary>
    Aspire,
}
