using System.Diagnostics;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Fleets;

/// <summary>
/// Where the fleet of a lab runs: not in the lab's folder, where PostgreSQL's user may not get to; that one says where.
/// </summary>
public static class FleetFolder
{
    /// <summary>Makes one for the lab in a folder, and removes what an earlier lab has left.</summary>
    internal static async Task<string> CreateAsync(string lab, TimeProvider clock)
    {
        await RemoveAsync(lab, clock).ConfigureAwait(false);
        var folder = ScratchFolder.Create(Prefix);
        await File.WriteAllTextAsync(MarkIn(lab), folder).ConfigureAwait(false);
        return folder;
    }

    /// <summary>Ends what still runs of the fleet of the lab in a folder, and deletes it.</summary>
    internal static async Task RemoveAsync(string lab, TimeProvider clock)
    {
        if (Find(lab) is not { } folder)
            return;
        foreach (var part in Directory.GetDirectories(folder))
            Kill(part);
        await ScratchFolder.DeleteAsync(folder, clock).ConfigureAwait(false);
        File.Delete(MarkIn(lab));
    }

    /// <summary>Kills a part of a running fleet, as a power failure would; the lab starts it again.</summary>
    /// <param name="lab">The lab's folder.</param>
    /// <param name="name">The part, such as <c>site-1</c>, <c>redis</c> or <c>responder-2</c>.</param>
    /// <exception cref="LabException">The lab has no fleet, or none of that name that runs.</exception>
    public static void Kill(string lab, string name)
    {
        if (Find(lab) is not { } folder)
            throw new LabException($"The lab in {lab} has no fleet. 'ocsplab up --fleet 4' brings one up.");
        if (LabState.HostOf(lab) == LabHost.Aspire)
            throw new LabException($"The lab runs under Aspire: stop and start {name} in its dashboard.");
        var parts = Directory.GetDirectories(folder).Select(part => Path.GetFileName(part)!).Order().ToArray();
        if (!parts.Contains(name))
            throw new LabException(
                $"The fleet has no part '{name}'. Its parts are {string.Join(", ", parts)}.",
                LabFailure.Usage
            );
        if (!Kill(Path.Combine(folder, name)))
            throw new LabException($"{name} does not run at this moment.");
    }

    /// <summary>Where a part of the fleet of the lab in a folder says what it says, or null.</summary>
    public static string? LogOf(string lab, string name) =>
        Find(lab) is { } folder ? Path.Combine(folder, name, LabProcess.LogName) : null;

    private static string? Find(string lab) =>
        File.Exists(MarkIn(lab))
        && File.ReadAllText(MarkIn(lab)).Trim() is { Length: > 0 } folder
        && IsOurs(new DirectoryInfo(folder))
            ? folder
            : null;

    // It is deleted with all that is in it: nothing but what was made here.
    private static bool IsOurs(DirectoryInfo folder) =>
        folder is { Exists: true, LinkTarget: null }
        && folder.Name.StartsWith(Prefix, StringComparison.Ordinal)
        && folder.Parent?.FullName == Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.GetTempPath()));

    private static bool Kill(string part)
    {
        if (LabProcess.FindOver(part) is not { } id)
            return false;
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill(entireProcessTree: true);
            // Its port is free then.
            process.WaitForExit(EndTimeout);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // It has just ended.
            return false;
        }
    }

    private const string Prefix = "ocsplab-fleet-";
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private static string MarkIn(string lab) => Path.Combine(lab, "fleet");
}
