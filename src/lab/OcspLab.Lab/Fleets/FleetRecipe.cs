using System.Globalization;
using System.Security.Cryptography;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Lab.Fleets;

/// <summary>
/// What a fleet is made of: sites with this project's stapling behind HAProxy, their staples in Redis, two responders
/// behind the same HAProxy, their certificates and answers in PostgreSQL.
/// </summary>
/// <param name="topology">Names and files.</param>
/// <param name="ports">The ports.</param>
/// <param name="folder">Where it runs. PostgreSQL's user must be able to get there.</param>
internal sealed class FleetRecipe(LabTopology topology, FleetPorts ports, string folder)
{
    // Whoever else is on this machine reaches the ports, too.
    private readonly string _redisPassword = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Redis, whose configuration is written.</summary>
    public FleetPart PrepareRedis()
    {
        var its = Directory.CreateDirectory(Path.Combine(folder, LabTopology.Redis)).FullName;
        var file = Path.Combine(its, "redis.conf");
        // On the command line everybody would read it.
        PrivateFile.WriteSecret(
            file,
            $"""
            port {ports.Redis}
            bind 127.0.0.1
            requirepass {_redisPassword}
            save ""
            appendonly yes

            """
        );
        return Part(LabTopology.Redis, ports.Redis, [ChildProcess.Find("redis-server")!, file]);
    }

    /// <summary>The responders.</summary>
    public IReadOnlyList<FleetPart> Responders =>
        [
            .. ports.Responders.Select(
                (port, index) => Part(LabTopology.FleetResponder(index), port, ResponderCommand(index))
            ),
        ];

    /// <summary>The sites.</summary>
    public IReadOnlyList<FleetPart> Sites => [.. ports.Sites.Select((port, index) => SitePart(index, port))];

    /// <summary>PostgreSQL, whose cluster is made.</summary>
    /// <exception cref="LabException">It cannot be made.</exception>
    public Task<FleetPart> PreparePostgresAsync(CancellationToken cancellationToken) =>
        FleetPostgres.PrepareAsync(
            Path.Combine(folder, LabTopology.Postgres),
            ports.Postgres,
            topology.FleetPasswordFile,
            cancellationToken
        );

    /// <summary>HAProxy, whose configuration is written.</summary>
    public async Task<FleetPart> PrepareBalancerAsync(CancellationToken cancellationToken) =>
        Part(LabTopology.Haproxy, ports.Balancer, await BalancerCommandAsync(cancellationToken).ConfigureAwait(false));

    private FleetPart SitePart(int index, int port) =>
        Part(LabTopology.FleetSite(index), port, SiteCommand(index)) with
        {
            Environment = new Dictionary<string, string>
            {
                ["Site__Redis"] = $"127.0.0.1:{ports.Redis},password={_redisPassword}",
            },
        };

    private FleetPart Part(string name, int port, IReadOnlyList<string> command) =>
        new(name, command, port, Path.Combine(folder, name), null);

    private string[] SiteCommand(int index)
    {
        var settings = topology.SettingsOf(LabTopology.Kestrel).ToDictionary();
        settings["Kestrel:Endpoints:Https:Url"] = $"https://127.0.0.1:{ports.Sites[index]}";
        settings["OcspStapling:Responder"] = $"http://127.0.0.1:{ports.ResponderBalancer}";
        settings.Remove("OcspStapling:StorageDirectory");
        // It has a home of its own to keep nothing in.
        return Command("OcspLab.Site.dll", Path.Combine(folder, LabTopology.FleetSite(index)), settings);
    }

    private string[] ResponderCommand(int index)
    {
        var settings = topology.SettingsOf(LabTopology.Responder).ToDictionary();
        const string authority = $"Responder:Authorities:{LabTopology.AuthorityName}";
        settings.Remove($"{authority}:Database");
        settings.Remove("Responder:Binding");
        settings["Responder:Address"] = "127.0.0.1";
        settings["Responder:Port"] = Text(ports.Responders[index]);
        settings["Responder:AdminPort"] = Text(ports.ResponderAdmins[index]);
        settings[$"{authority}:PostgreSql"] = ports.PostgresConnection(topology.FleetPasswordFile);
        settings[$"{authority}:Presign"] = "Listed";
        settings["Responder:AnswerDatabase"] = ports.PostgresConnection(topology.FleetPasswordFile);
        settings["Responder:WhenSourceFails"] = "RespondFromCache";
        return Command("OcspLab.Responder.dll", folder, settings);
    }

    private static string[] Command(string program, string home, Dictionary<string, string> settings) =>
        [
            "env",
            $"HOME={home}",
            "dotnet",
            Path.Combine(AppContext.BaseDirectory, program),
            .. settings.Select(setting => $"--{setting.Key}={setting.Value}"),
        ];

    private async Task<string[]> BalancerCommandAsync(CancellationToken cancellationToken)
    {
        var its = Directory.CreateDirectory(Path.Combine(folder, LabTopology.Haproxy)).FullName;
        var file = Path.Combine(its, "haproxy.cfg");
        await File.WriteAllTextAsync(
                file,
                $"""
                global
                    maxconn 2000
                defaults
                    mode tcp
                    timeout connect 1s
                    timeout client 30s
                    timeout server 30s
                    retries 3
                    option redispatch
                    default-server check inter 500 fastinter 200 fall 1 rise 1
                listen sites
                    bind 127.0.0.1:{ports.Balancer}
                    balance roundrobin
                {Servers("site", ports.Sites)}
                listen responders
                    bind 127.0.0.1:{ports.ResponderBalancer}
                    balance roundrobin
                {Servers("responder", ports.Responders)}

                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        return [ChildProcess.Find(LabTopology.Haproxy)!, "-db", "-f", file];

        static string Servers(string name, IEnumerable<int> ports) =>
            string.Join('\n', ports.Select((port, index) => $"    server {name}-{index + 1} 127.0.0.1:{port}"));
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A process of a fleet.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Command">Program and arguments.</param>
/// <param name="Port">The port that it opens.</param>
/// <param name="Folder">Where it runs.</param>
/// <param name="Readiness">A command that succeeds once it serves; null where its port is open only then.</param>
internal sealed record FleetPart(
    string Name,
    IReadOnlyList<string> Command,
    int Port,
    string Folder,
    IReadOnlyList<string>? Readiness
)
{
    /// <summary>What it finds in its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
