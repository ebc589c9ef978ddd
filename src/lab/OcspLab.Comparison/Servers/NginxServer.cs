using OcspLab.Lab.Nginx;

namespace OcspLab.Comparison.Servers;

/// <summary>nginx with the article's configuration.</summary>
internal sealed class NginxServer : IStaplingServer
{
    private NginxBinary? Binary { get; } =
        new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { }).FindWithoutDownload();

    /// <summary>
    /// A file with the bytes to staple, whatever they are (<c>ssl_stapling_file</c>), or null to let nginx fetch them.
    /// </summary>
    public string? StapleFile { get; init; }

    public string Name => "nginx";

    public string? Missing => Binary is null ? "nginx is not here; 'ocsplab up --nginx process' fetches it" : null;

    public string Setting =>
        "ssl_stapling on, ssl_stapling_verify on, resolver: the article's configuration, one worker";

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        StaplingServers.FirstLineAsync(Binary!.Path, "-v", cancellationToken);

    public Task<IReadOnlyList<string>> PrepareAsync(ServerPlace place, CancellationToken cancellationToken)
    {
        var view = NginxView.OfProcess(
            NginxSite.Of(place.Topology) with
            {
                Certificate = place.Certificate,
            },
            place.Hosts
        ) with
        {
            Listen = $"127.0.0.1:{place.Port}",
            ListenIpv6 = null,
            Logs = Path.Combine(place.Folder, "logs"),
            Html = Path.Combine(place.Folder, "html"),
            Sites = Path.Combine(place.Folder, "conf.d"),
            ProcessIdFile = Path.Combine(place.Folder, "nginx.pid"),
            Temporary = Path.Combine(place.Folder, "temp"),
            Stapling = ModeOf(place),
            StapleFile = StapleFile,
        };
        NginxConfiguration.Write(place.Folder, view);
        return Task.FromResult(
            place.WithHosts([
                Binary!.Path,
                "-p",
                place.Folder + "/",
                "-c",
                Path.Combine(place.Folder, "nginx.conf"),
                "-e",
                "stderr",
            ])
        );
    }

    private NginxStapling ModeOf(ServerPlace place)
    {
        if (place.Stapling == ServerStapling.Off)
            return NginxStapling.Off;
        return StapleFile is null ? NginxStapling.Fetched : NginxStapling.File;
    }
}
