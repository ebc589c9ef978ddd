using OcspLab.Comparison.Planning;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;

namespace OcspLab.Comparison.Servers;

/// <summary>Caddy, which staples every certificate by itself.</summary>
internal sealed class CaddyServer : IStaplingServer
{
    public string Name => "caddy";

    public string? Missing => ChildProcess.Find("caddy") is null ? DebianPackages.Missing("caddy") : null;

    public string Setting => "no setting: Caddy staples whatever names a responder";

    public FixedInterval? IntervalOf(string version) =>
        new(
            TimeSpan.FromHours(1),
            "looks after its staples once an hour (CertMagic, DefaultOCSPCheckInterval), and answers last less here"
        );

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        StaplingServers.FirstLineAsync(ChildProcess.Find("caddy")!, "version", cancellationToken);

    public async Task<IReadOnlyList<string>> PrepareAsync(ServerPlace place, CancellationToken cancellationToken)
    {
        var key = await place.WriteOpenKeyAsync(cancellationToken).ConfigureAwait(false);
        var configuration = Path.Combine(place.Folder, "Caddyfile");
        await File.WriteAllTextAsync(
                configuration,
                $$"""
                {
                    admin off
                    auto_https disable_redirects
                    storage file_system {{place.Folder}}/storage
                    default_sni {{LabTopology.SiteHost}}
                    {{(place.Stapling == ServerStapling.On ? "" : "ocsp_stapling off")}}
                }
                https://{{LabTopology.SiteHost}}:{{place.Port}} {
                    bind 127.0.0.1
                    tls {{place.Certificate.FullChain}} {{key}}
                    respond "echocert.lab"
                }

                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        return place.WithHosts([
            "env",
            $"HOME={place.Folder}",
            ChildProcess.Find("caddy")!,
            "run",
            "--config",
            configuration,
            "--adapter",
            "caddyfile",
        ]);
    }
}
