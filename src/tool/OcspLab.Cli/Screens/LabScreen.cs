using OcspLab.Lab.Hosting;
using OcspLab.Lab.Topology;
using OcspLab.Stapling;

namespace OcspLab.Cli.Screens;

/// <summary>Shows a lab as it comes up, while it is up, and as it goes down.</summary>
internal abstract class LabScreen : IAsyncDisposable
{
    /// <summary>The lab is up.</summary>
    public abstract void Ready(EmbeddedLab lab);

    /// <summary>The lab goes down: nothing more is done to it.</summary>
    public abstract Task EndAsync();

    /// <summary>
    /// Ends when somebody at the screen wants the lab to go down; without anybody there, when it is cancelled.
    /// </summary>
    public virtual Task UntilQuitAsync(CancellationToken cancellationToken) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Where the logs are, and how the lab's settings differ from the library's.</summary>
    protected static string Remarks(EmbeddedLab lab)
    {
        var logs = lab.Topology.LogDirectory;
        if (lab.Nginx is not null)
            logs += $" and {Path.Combine(lab.Topology.NginxDirectory, "logs")}";
        return "Kestrel sees changes within seconds because the lab's responder lets answers be cached for 5 s only, "
            + $"and MinimumRefreshInterval is {LabTopology.MinimumRefreshInterval.TotalSeconds:0} s here, by default "
            + $"{new StaplingOptions().MinimumRefreshInterval.TotalMinutes:0} min.\nLogs are in {logs}.";
    }
}
