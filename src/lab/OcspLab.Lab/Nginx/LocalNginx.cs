namespace OcspLab.Lab.Nginx;

/// <summary>An nginx on this machine.</summary>
/// <param name="Path">The program.</param>
/// <param name="Origin">Where it came from, for people.</param>
public sealed record NginxBinary(string Path, string Origin);

/// <summary>nginx as a process beside the lab, with an /etc/hosts of its own where that is allowed.</summary>
public sealed class LocalNginx(NginxBinary binary, HostsView view, NginxSite site) : INginxLauncher
{
    /// <inheritdoc/>
    public string Origin => binary.Origin;

    /// <inheritdoc/>
    public IReadOnlyList<string> Command(params string[] arguments) =>
        view.Wrap(
            System.IO.Path.Combine(site.Directory, "hosts"),
            [
                binary.Path,
                "-p",
                site.Directory + "/",
                "-c",
                System.IO.Path.Combine(site.Directory, "nginx.conf"),
                "-e",
                "stderr",
                .. arguments,
            ]
        );

    /// <inheritdoc/>
    public void WriteConfiguration()
    {
        // In the directives that the article uses nginx reads a dollar sign as a variable, and has no way to write one.
        if (site.Directory.Contains('$', StringComparison.Ordinal))
            throw new LabException(
                $"nginx cannot be given a path with a dollar sign: {site.Directory}. Choose another folder with "
                    + $"--lab, or --nginx off.",
                LabFailure.Usage
            );
        NginxConfiguration.Write(site.Directory, NginxView.OfProcess(site, view));
    }

    /// <inheritdoc/>
    public string ReloadCommand
    {
        get
        {
            var path = System.IO.Path.Combine(site.Directory, "nginx.pid");
            var quoted = $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
            return $"test ! -s {quoted} || kill -HUP \"$(cat {quoted})\"";
        }
    }

    /// <summary>The same nginx for another site.</summary>
    public LocalNginx For(NginxSite other) => new(binary, view, other);

    /// <inheritdoc/>
    public Task RemoveAsync() => Task.CompletedTask;
}
