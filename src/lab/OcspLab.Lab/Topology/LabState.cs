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
        RequireOwn(topology.Directory);
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
            Update(topology, host);
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
        catch (UnauthorizedAccessException exception) when (Read(topology.Directory) is { } former)
        {
            throw new LabException(Foreign(topology.Directory, former), LabFailure.CannotCreate, exception);
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
    public static LabTopology? FindRunning(string directory)
    {
        if (!IsLocked(directory) || FindLast(directory) is not { } topology)
            return null;
        return Read(directory)?.NginxSource == NginxSource.Off
            ? topology with
            {
                NginxSource = NginxSource.Off,
            }
            : topology;
    }

    /// <summary>Puts down that the lab, whose lock this is, has turned out to be another one.</summary>
    public static void Update(LabTopology topology, LabHost host = LabHost.Embedded)
    {
        ArgumentNullException.ThrowIfNull(topology);
        File.WriteAllText(
            PathIn(topology.Directory),
            JsonSerializer.Serialize(
                new Settings(
                    topology.Ports,
                    topology.OcspInCertificates,
                    host,
                    Environment.UserName,
                    topology.OcspHost,
                    topology.KeepBeside,
                    topology.NginxSource,
                    topology.Fleet
                )
            )
        );
    }

    /// <summary>The lab that runs in a folder, for those who may change it.</summary>
    /// <exception cref="LabException">None runs there, or it is another user's.</exception>
    public static LabTopology RequireRunning(string directory)
    {
        var running = FindRunning(directory)
            ?? throw new LabException(
                $"No lab runs in {directory}. Start it with 'ocsplab up', or name its folder with --lab."
            );
        RequireOwn(directory);
        return running;
    }

    /// <summary>Makes sure that the lab in a folder, if there is one, may be changed.</summary>
    /// <exception cref="LabException">It is another user's.</exception>
    public static void RequireOwn(string directory)
    {
        if (Read(directory) is not { } settings)
            return;
        // Root may write there, and leaves files behind that the owner may not.
        if (Environment.IsPrivilegedProcess && settings.User is { } owner && owner != Environment.UserName)
            throw new LabException(Foreign(directory, settings), LabFailure.CannotCreate);
        try
        {
            using var mark = new FileStream(PathIn(directory), FileMode.Open, FileAccess.ReadWrite);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new LabException(Foreign(directory, settings), LabFailure.CannotCreate, exception);
        }
    }

    private static string Foreign(string directory, Settings settings)
    {
        var owner = settings.User ?? "another user";
        var state = IsLocked(directory) ? "runs" : "ran";
        return $"The lab in {directory} is {owner}'s, and {state} as {owner}: only {owner} may change it. A lab of "
            + "your own takes another folder (--lab), and other ports while that one runs.";
    }

    /// <summary>The lab that ran last in a folder, or null when none did.</summary>
    public static LabTopology? FindLast(string directory)
    {
        return Read(directory) is { Ports: not null } settings
            ? new LabTopology
            {
                Directory = directory,
                Ports = settings.Ports,
                OcspInCertificates = settings.OcspInCertificates,
                OcspHost = settings.OcspHost ?? LabTopology.ResponderHost,
                KeepBeside = settings.KeepBeside,
                Fleet = settings.Fleet,
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
            return IsLockedByAnother(path);
        }
    }

    // To read is enough to see the lock of another user's lab.
    private static bool IsLockedByAnother(string path)
    {
        try
        {
            using var probe = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
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
        LabHost Host = LabHost.Embedded,
        string? User = null,
        string? OcspHost = null,
        LabKeep KeepBeside = LabKeep.Off,
        NginxSource NginxSource = NginxSource.Auto,
        int Fleet = 0
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
