using OcspLab.Comparison.Planning;
using OcspLab.Lab.Processes;

namespace OcspLab.Comparison.Servers;

/// <summary>
/// HAProxy: from 2.8 on it fetches by itself, before that it staples the file beside the certificate.
/// </summary>
internal sealed class HaproxyServer : IStaplingServer
{
    public string Name => "haproxy";

    public string? Missing => ChildProcess.Find("haproxy") is null ? DebianPackages.Missing("haproxy") : null;

    public string Setting =>
        "ocsp-update on from 2.8 on; before, a .ocsp file that is fetched once before the start, as a cron job would";

    /// <summary>Before the end of an answer, and between two updates.</summary>
    public static FixedInterval Skew { get; } =
        new(
            TimeSpan.FromMinutes(10),
            "drops an answer five minutes before its end (OCSP_MAX_RESPONSE_TIME_SKEW), which is most of what answers "
                + "last here"
        );

    public FixedInterval? IntervalOf(string version) =>
        Updates(version)
            ? Skew
            : new FixedInterval(
                TimeSpan.MaxValue,
                "asks nobody before 2.8: it staples the file that it is given, and nobody gives it another one here"
            );

    // OCSP_MAX_RESPONSE_TIME_SKEW of its source, and something left to see.
    public TimeSpan ShortestValidity => TimeSpan.FromMinutes(6);

    public Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        StaplingServers.FirstLineAsync(ChildProcess.Find("haproxy")!, "-v", cancellationToken);

    public async Task<IReadOnlyList<string>> PrepareAsync(ServerPlace place, CancellationToken cancellationToken)
    {
        var key = await place.WriteOpenKeyAsync(cancellationToken).ConfigureAwait(false);
        var bundle = Path.Combine(place.Folder, "site.pem");
        await File.WriteAllTextAsync(
                bundle,
                await File.ReadAllTextAsync(place.Certificate.FullChain, cancellationToken).ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);
        File.Move(key, bundle + ".key", overwrite: true);
        var version = await ReadVersionAsync(cancellationToken).ConfigureAwait(false);
        var updates = Updates(version);
        if (place.Stapling == ServerStapling.On && !updates && !File.Exists(bundle + ".ocsp"))
        {
            var intermediate = place.Topology.CreatePki(TimeProvider.System).Intermediate.Certificate;
            await ChildProcess
                .RunAsync(
                    "openssl",
                    [
                        "ocsp",
                        "-issuer",
                        intermediate,
                        "-cert",
                        place.Certificate.Certificate,
                        "-url",
                        $"http://127.0.0.1:{place.Topology.Ports.Responder}",
                        "-respout",
                        bundle + ".ocsp",
                        "-noverify",
                        "-no_nonce",
                    ],
                    place.Folder,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        var configuration = Path.Combine(place.Folder, "haproxy.cfg");
        await File.WriteAllTextAsync(
                configuration,
                $"""
                global
                    maxconn 1000
                defaults
                    mode http
                    timeout connect 5s
                    timeout client 10s
                    timeout server 10s
                frontend site
                    bind 127.0.0.1:{place.Port} ssl crt {bundle}{(
                    updates && place.Stapling == ServerStapling.On ? " ocsp-update on" : ""
                )}
                    http-request return status 200 content-type text/plain string echocert.lab

                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        return place.WithHosts([ChildProcess.Find("haproxy")!, "-db", "-f", configuration]);
    }

    private static bool Updates(string version) =>
        Version.TryParse(version.Split(' ').ElementAtOrDefault(2)?.Split('-')[0], out var number) && number >= Updating;

    private static readonly Version Updating = new(2, 8);
}
