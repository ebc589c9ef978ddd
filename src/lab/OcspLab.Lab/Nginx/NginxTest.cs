using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Nginx;

/// <summary>Which names nginx knows while it reads its configuration.</summary>
public enum NginxHosts
{
    /// <summary>The lab's.</summary>
    Lab,

    /// <summary>The system's alone: the article's "host not found in OCSP responder".</summary>
    System,
}

/// <summary><c>nginx -t</c> over a lab's configuration, whichever way the lab runs its nginx.</summary>
public static class NginxTest
{
    /// <summary>The command line.</summary>
    /// <exception cref="LabException">There is no configuration, no nginx, or no such view of it.</exception>
    public static async Task<IReadOnlyList<string>> CommandAsync(
        LabTopology topology,
        NginxHosts hosts,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(topology);
        if (!File.Exists(Path.Combine(topology.NginxDirectory, "nginx.conf")))
            throw new LabException(
                $"There is no nginx.conf in {topology.NginxDirectory}. Bring the lab up once with nginx.",
                LabFailure.Usage
            );
        if (ContainedNginx.FindMark(topology.NginxDirectory) is { } mark)
        {
            return hosts == NginxHosts.Lab
                ? [mark.Runtime, "exec", mark.Name, "nginx", "-t"]
                : throw new LabException(
                    "nginx runs in a container, whose /etc/hosts is the lab's. Bring the lab up with --nginx "
                        + "process for the other view.",
                    LabFailure.Usage
                );
        }

        if (
            !File.ReadAllText(Path.Combine(topology.NginxDirectory, "nginx.conf"))
                .Contains(topology.NginxDirectory, StringComparison.Ordinal)
        )
            throw new LabException(
                $"The configuration in {topology.NginxDirectory} is a container's, which does not run. Bring the "
                    + $"lab up.",
                LabFailure.Usage
            );

        var binary = new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { }).FindWithoutDownload()
            ?? throw new LabException("nginx is not here. 'ocsplab up --nginx process' fetches it.");
        var view =
            hosts == NginxHosts.Lab
                ? await HostsViews.DetectAsync(cancellationToken).ConfigureAwait(false)
                : HostsView.None;
        return new LocalNginx(binary, view, NginxSite.Of(topology)).Command("-t");
    }
}
