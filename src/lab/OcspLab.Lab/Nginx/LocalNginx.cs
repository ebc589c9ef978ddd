using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Lab.Nginx;

/// <summary>An nginx on this machine.</summary>
/// <param name="Path">The program.</param>
/// <param name="Origin">Where it came from, for people.</param>
public sealed record NginxBinary(string Path, string Origin);

/// <summary>nginx as a process beside the lab, with an /etc/hosts of its own where that is allowed.</summary>
public sealed class LocalNginx(NginxBinary binary, HostsView view, LabTopology topology, CertificateFiles certificate)
    : INginxLauncher
{
    /// <inheritdoc/>
    public string Origin => binary.Origin;

    /// <inheritdoc/>
    public IReadOnlyList<string> Command(params string[] arguments) =>
        view.Wrap(
            System.IO.Path.Combine(topology.NginxDirectory, "hosts"),
            [
                binary.Path,
                "-p",
                topology.NginxDirectory + "/",
                "-c",
                System.IO.Path.Combine(topology.NginxDirectory, "nginx.conf"),
                "-e",
                "stderr",
                .. arguments,
            ]
        );

    /// <inheritdoc/>
    public void WriteConfiguration()
    {
        // In the directives that the article uses nginx reads a dollar sign as a variable, and has no way to write one.
        if (topology.Directory.Contains('$', StringComparison.Ordinal))
            throw new LabException(
                $"nginx cannot be given a path with a dollar sign: {topology.Directory}. Choose another folder with "
                    + $"--lab, or --nginx off.",
                LabFailure.Usage
            );
        NginxConfiguration.Write(topology.NginxDirectory, NginxView.OfProcess(topology, certificate, view));
    }

    /// <inheritdoc/>
    public Task RemoveAsync() => Task.CompletedTask;
}
