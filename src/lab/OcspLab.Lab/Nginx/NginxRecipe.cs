using System.Net;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// nginx's container for an orchestrator that makes its networks itself: this machine has a name in it,
/// <c>host-gateway</c>, and no address that is known before.
/// </summary>
/// <param name="Image">The image.</param>
/// <param name="Gateway">Where name server and responder listen for it.</param>
/// <param name="Site">What it serves.</param>
public sealed record NginxRecipe(string Image, IPAddress Gateway, NginxSite Site)
{
    /// <summary>The port that nginx listens on inside.</summary>
    public static int Port => ContainedNginx.Port;

    /// <summary>What of the lab it sees.</summary>
    public IReadOnlyList<ContainerMount> Mounts => ContainedNginx.Mounts(Site);

    /// <summary>Arguments for the runtime, before the image.</summary>
    public IReadOnlyList<string> RuntimeArguments =>
        [
            .. ContainedNginx
                .Hosts(Site, HostGateway)
                .Append($"{Machine}:{HostGateway}")
                .SelectMany(host => (string[])["--add-host", host]),
            "--security-opt",
            "label=disable",
        ];

    /// <summary>
    /// Writes the configuration; nginx looks this machine's name up in its /etc/hosts when it reads it.
    /// </summary>
    public void WriteConfiguration() => NginxConfiguration.Write(Site.Directory, NginxView.OfContainer(Site, Machine));

    private const string HostGateway = "host-gateway";
    private const string Machine = "host.docker.internal";
}
