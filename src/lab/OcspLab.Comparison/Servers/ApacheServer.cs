using OcspLab.Comparison.Planning;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Comparison.Servers;

/// <summary>Apache with mod_ssl's stapling and its defaults.</summary>
internal sealed class ApacheServer : IStaplingServer
{
    private const string Modules = "/usr/lib/apache2/modules";

    public string Name => "apache";

    public string? Missing
    {
        get
        {
            if (ChildProcess.Find("apache2") is null)
                return DebianPackages.Missing("apache2");
            return Directory.Exists(Modules) ? null : $"{Modules} is missing";
        }
    }

    public string Setting =>
        "SSLUseStapling on with mod_ssl's defaults; SSLStaplingForceURL, because it resolves names only "
        + "with the system";

    /// <summary>mod_ssl's cache.</summary>
    public static FixedInterval Cache { get; } =
        new(
            TimeSpan.FromHours(1),
            "keeps an answer for an hour (SSLStaplingStandardCacheTimeout), and answers last less here"
        );

    public FixedInterval? IntervalOf(string version) => Cache;

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        StaplingServers.FirstLineAsync(ChildProcess.Find("apache2")!, "-v", cancellationToken);

    public async Task<IReadOnlyList<string>> PrepareAsync(ServerPlace place, CancellationToken cancellationToken)
    {
        var key = await place.WriteOpenKeyAsync(cancellationToken).ConfigureAwait(false);
        var configuration = Path.Combine(place.Folder, "httpd.conf");
        await File.WriteAllTextAsync(
                configuration,
                $"""
                ServerRoot {place.Folder}
                ServerName {LabTopology.SiteHost}
                PidFile {place.Folder}/httpd.pid
                ErrorLog {place.Folder}/error.log
                LoadModule mpm_event_module {Modules}/mod_mpm_event.so
                LoadModule authz_core_module {Modules}/mod_authz_core.so
                LoadModule socache_shmcb_module {Modules}/mod_socache_shmcb.so
                LoadModule ssl_module {Modules}/mod_ssl.so
                Listen 127.0.0.1:{place.Port}
                Mutex file:{place.Folder}
                {(Environment.IsPrivilegedProcess ? "User www-data\nGroup www-data" : "")}
                SSLStaplingCache shmcb:{place.Folder}/stapling(128000)
                SSLUseStapling {(place.Stapling == ServerStapling.On ? "on" : "off")}
                SSLStaplingForceURL http://127.0.0.1:{place.Topology.Ports.Responder}/
                SSLEngine on
                SSLCertificateFile {place.Certificate.FullChain}
                SSLCertificateKeyFile {key}

                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        return [ChildProcess.Find("apache2")!, "-DFOREGROUND", "-f", configuration];
    }
}
