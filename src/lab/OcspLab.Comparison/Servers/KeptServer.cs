using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using OcspLab.Comparison.Planning;

namespace OcspLab.Comparison.Servers;

/// <summary>
/// A server that fetches nothing itself and has its staples from <c>ocsplab keep</c>, which starts before it and ends
/// with it.
/// </summary>
/// <param name="inner">The server as it is compared without.</param>
internal abstract class KeptServer(IStaplingServer inner) : IStaplingServer
{
    public string Name => $"{inner.Name}-kept";

    public bool IsOnlyByName => true;

    public string? Missing => inner.Missing ?? (File.Exists(Program) ? null : $"{Program} is missing");

    public abstract string Setting { get; }

    public virtual TimeSpan ShortestValidity => inner.ShortestValidity;

    public virtual FixedInterval? IntervalOf(string version) => null;

    public async Task<string> ReadVersionAsync(CancellationToken cancellationToken) =>
        $"{await inner.ReadVersionAsync(cancellationToken).ConfigureAwait(false)}, OcspLab "
        + $"{typeof(KeptServer).Assembly.GetName().Version?.ToString(3)}";

    public async Task<IReadOnlyList<string>> PrepareAsync(ServerPlace place, CancellationToken cancellationToken)
    {
        var port = FreePort();
        var plan = await PlanAsync(place, port, cancellationToken).ConfigureAwait(false);
        var settings = Path.Combine(place.Folder, "keep.json");
        await File.WriteAllTextAsync(settings, Settings(place, plan, port).ToJsonString(Indented), cancellationToken)
            .ConfigureAwait(false);
        var script = Path.Combine(place.Folder, "run.sh");
        // The server starts when there is a staple, or after ten seconds without.
        await File.WriteAllTextAsync(
                script,
                $$"""
                dotnet '{{Program}}' keep --config '{{settings}}' & keep=$!
                trap 'kill $keep $server 2>/dev/null; wait; exit 0' TERM INT
                waited=0
                while ! { {{plan.IsReady}}; } && [ $waited -lt 100 ]; do sleep 0.1; waited=$((waited + 1)); done
                {{string.Join(' ', plan.Command.Select(word => $"'{word}'"))}} & server=$!
                wait $server
                code=$?
                kill $keep 2>/dev/null
                wait
                exit $code

                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        return ["bash", script];
    }

    /// <summary>Writes the server's configuration.</summary>
    /// <param name="place">Where.</param>
    /// <param name="port">Where <c>keep</c> answers questions, if that is wanted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    protected abstract Task<KeptPlan> PlanAsync(ServerPlace place, int port, CancellationToken cancellationToken);

    private static JsonObject Settings(ServerPlace place, KeptPlan plan, int port)
    {
        var keep = new JsonObject
        {
            ["Certificates"] = new JsonObject { ["site"] = plan.Certificate },
            ["ReloadInterval"] = "00:00:01",
            ["Serve"] = $"127.0.0.1:{port}",
        };
        if (plan.Reload is { } reload)
            keep["Reload"] = reload;
        var stapling = new JsonObject
        {
            ["StorageDirectory"] = Path.Combine(place.Folder, "state"),
            ["Fetch"] = new JsonObject { ["Resolvers"] = new JsonArray($"127.0.0.1:{place.Topology.Ports.Dns}") },
            ["MinimumRefreshInterval"] = KestrelServer.MinimumRefreshIntervalFor(place.Topology.Validity).ToString("c"),
        };
        return new JsonObject { ["Keep"] = keep, ["OcspStapling"] = stapling };
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "ocsplab.dll");

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>How a server is run with <c>keep</c>.</summary>
    /// <param name="Certificate">What <c>keep</c> is told of the certificate.</param>
    /// <param name="Command">The server's command line.</param>
    /// <param name="IsReady">A command of the shell that succeeds when the server may start.</param>
    /// <param name="Reload">What makes it read its files again, or null.</param>
    protected sealed record KeptPlan(
        JsonObject Certificate,
        IReadOnlyList<string> Command,
        string IsReady,
        string? Reload = null
    );
}

/// <summary>nginx with a file to include.</summary>
internal sealed class KeptNginx() : KeptServer(new NginxServer())
{
    public override string Setting => "nothing of stapling but the file of 'ocsplab keep --nginx-include', one worker";

    protected override async Task<KeptPlan> PlanAsync(ServerPlace place, int port, CancellationToken cancellationToken)
    {
        // Its configuration without stapling, and the file included in that place.
        var command = await new NginxServer()
            .PrepareAsync(place with { Stapling = ServerStapling.Off }, cancellationToken)
            .ConfigureAwait(false);
        var include = Path.Combine(place.Folder, "staple.conf");
        foreach (var file in Directory.GetFiles(Path.Combine(place.Folder, "conf.d"), "*.conf"))
        {
            var text = await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false);
            await File.WriteAllTextAsync(
                    file,
                    text.Replace("ssl_stapling off;", $"include {include};", StringComparison.Ordinal),
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        var pid = Path.Combine(place.Folder, "nginx.pid");
        return new KeptPlan(
            new JsonObject
            {
                ["Certificate"] = place.Certificate.FullChain,
                ["StapleFile"] = Path.Combine(place.Folder, "staple.der"),
                ["NginxInclude"] = include,
            },
            command,
            $"grep -qs ssl_stapling '{include}'",
            $"test ! -s '{pid}' || kill -HUP \"$(cat '{pid}')\""
        );
    }
}

/// <summary>HAProxy with its file and its socket.</summary>
internal sealed class KeptHaproxy() : KeptServer(new HaproxyServer())
{
    public override FixedInterval? IntervalOf(string version) => HaproxyServer.Skew;

    public override string Setting => "the .ocsp file and the socket of 'ocsplab keep --haproxy'";

    protected override async Task<KeptPlan> PlanAsync(ServerPlace place, int port, CancellationToken cancellationToken)
    {
        var command = await new HaproxyServer()
            .PrepareAsync(place with { Stapling = ServerStapling.Off }, cancellationToken)
            .ConfigureAwait(false);
        var configuration = Path.Combine(place.Folder, "haproxy.cfg");
        var socket = Path.Combine(place.Folder, "admin.sock");
        var text = await File.ReadAllTextAsync(configuration, cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(
                configuration,
                text.Replace(
                    "global\n",
                    $"global\n    stats socket {socket} mode 600 level admin\n",
                    StringComparison.Ordinal
                ),
                cancellationToken
            )
            .ConfigureAwait(false);
        var staple = Path.Combine(place.Folder, "site.pem.ocsp");
        return new KeptPlan(
            new JsonObject
            {
                ["Certificate"] = place.Certificate.FullChain,
                ["StapleFile"] = staple,
                ["HaproxySocket"] = socket,
            },
            command,
            $"test -s '{staple}'"
        );
    }
}

/// <summary>Apache that asks <c>keep</c> where it would ask the authority.</summary>
internal sealed class KeptApache() : KeptServer(new ApacheServer())
{
    public override FixedInterval? IntervalOf(string version) => ApacheServer.Cache;

    public override string Setting => "mod_ssl's defaults; SSLStaplingForceURL is the port of 'ocsplab keep --serve'";

    protected override async Task<KeptPlan> PlanAsync(ServerPlace place, int port, CancellationToken cancellationToken)
    {
        var command = await new ApacheServer().PrepareAsync(place, cancellationToken).ConfigureAwait(false);
        var configuration = Path.Combine(place.Folder, "httpd.conf");
        var text = await File.ReadAllTextAsync(configuration, cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(
                configuration,
                text.Replace(
                    $"127.0.0.1:{place.Topology.Ports.Responder}/",
                    $"127.0.0.1:{port}/",
                    StringComparison.Ordinal
                ),
                cancellationToken
            )
            .ConfigureAwait(false);
        return new KeptPlan(
            new JsonObject { ["Certificate"] = place.Certificate.FullChain },
            command,
            $"curl -sf http://127.0.0.1:{port}/health"
        );
    }
}
