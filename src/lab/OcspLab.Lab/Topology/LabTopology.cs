using System.Globalization;
using System.Net;
using OcspLab.Pki;
using OcspLab.ServiceDefaults;

namespace OcspLab.Lab.Topology;

/// <summary>
/// The whole lab as facts: names, ports, files, settings, order. Both hosts read it, the orchestrated one and the one
/// in a single process.
/// </summary>
public sealed record LabTopology
{
    /// <summary>The resource that makes the certificates, and ends.</summary>
    public const string Pki = "pki";

    /// <summary>The name server.</summary>
    public const string Dns = "dns";

    /// <summary>The OCSP responder.</summary>
    public const string Responder = "responder";

    /// <summary>The sample site with this project's stapling.</summary>
    public const string Kestrel = "kestrel";

    /// <summary>The sample site with .NET's built-in stapling.</summary>
    public const string KestrelBuiltIn = "kestrel-builtin";

    /// <summary>nginx with the article's configuration.</summary>
    public const string Nginx = "nginx";

    /// <summary><c>ocsplab keep</c>, which brings staples to <see cref="NginxKept"/>.</summary>
    public const string Keep = "keep";

    /// <summary>Another nginx with the same certificate, which asks nobody.</summary>
    public const string NginxKept = "nginx-kept";

    /// <summary>What is in front of a fleet.</summary>
    public const string Haproxy = "haproxy";

    /// <summary>The fleet's Redis.</summary>
    public const string Redis = "redis";

    /// <summary>The fleet's PostgreSQL.</summary>
    public const string Postgres = "postgresql";

    /// <summary>The page on which one watches the lab.</summary>
    public const string Console = "console";

    /// <summary>Every resource of a lab as it is by default, in the order of the start.</summary>
    public static IReadOnlyList<string> Resources { get; } = [Pki, Dns, Responder, Kestrel, KestrelBuiltIn, Nginx];

    /// <summary>The responder's name in every certificate.</summary>
    public const string ResponderHost = "ocsp.servicelab.com";

    /// <summary>The site's name.</summary>
    public const string SiteHost = "echocert.lab";

    private readonly string _directory = Path.GetFullPath(".lab");

    /// <summary>The folder of everything that the lab makes. Absolute.</summary>
    public string Directory
    {
        get => _directory;
        init => _directory = Path.GetFullPath(value);
    }

    /// <summary>The ports.</summary>
    public LabPorts Ports { get; init; } = new();

    /// <summary>Where nginx comes from.</summary>
    public NginxSource NginxSource { get; init; } = NginxSource.Auto;

    /// <summary>Whether <c>keep</c> and an nginx of its own run beside the others.</summary>
    public LabKeep KeepBeside { get; init; } = LabKeep.Off;

    /// <summary>How many sites the lab's fleet has, or 0 where the lab has none.</summary>
    public int Fleet { get; init; }

    /// <summary>The ports of the lab's fleet, or null where it has none.</summary>
    public FleetPorts? FleetPorts => Fleet == 0 ? null : FleetPorts.From(Ports.Fleet, Fleet);

    /// <summary>The password of the fleet's PostgreSQL, for its clients.</summary>
    public string FleetPasswordFile => Path.Combine(Directory, "fleet-password");

    /// <summary>The TLS servers of the lab's fleet, by name: HAProxy in front, then the sites.</summary>
    public IReadOnlyList<(string Name, int Port)> FleetSites =>
        FleetPorts is { } ports
            ? [(Haproxy, ports.Balancer), .. ports.Sites.Select((port, index) => (FleetSite(index), port))]
            : [];

    /// <summary>What a site of a fleet is called.</summary>
    /// <param name="index">Its place, from zero on.</param>
    public static string FleetSite(int index) => $"site-{index + 1}";

    /// <summary>What a responder of a fleet is called.</summary>
    /// <param name="index">Its place, from zero on.</param>
    public static string FleetResponder(int index) => $"responder-{index + 1}";

    /// <summary>What of the lab's fleet may be killed: all but the one HAProxy.</summary>
    public IReadOnlyList<string> FleetParts =>
        FleetPorts is { } ports
            ?
            [
                .. FleetSites.Skip(1).Select(site => site.Name),
                Redis,
                Postgres,
                .. ports.Responders.Select((_, index) => FleetResponder(index)),
            ]
            : [];

    /// <summary>The port of a TLS server of the lab's fleet, or null.</summary>
    /// <param name="name">Its name.</param>
    public int? FindFleetSite(string name) =>
        FleetSites.Where(site => site.Name == name).Select(site => (int?)site.Port).FirstOrDefault();

    /// <summary>Whether the lab has its page.</summary>
    public LabPage Page { get; init; } = LabPage.Off;

    /// <summary>Every port that this lab listens on.</summary>
    public IReadOnlyList<LabPort> ListeningPorts =>
        [
            .. Ports.All.Where(port =>
                port.Resource switch
                {
                    Nginx => NginxSource != NginxSource.Off,
                    Console => Page == LabPage.On,
                    _ => true,
                }
            ),
            .. KeepBeside == LabKeep.On && NginxSource != NginxSource.Off ? Ports.OfKeep : [],
            .. FleetPorts?.All.Select(port => new LabPort("fleet", port, "--fleet-port")) ?? [],
        ];

    /// <summary>The image of nginx in a container, or null for the official one, or the one that is here.</summary>
    public string? NginxImage { get; init; }

    /// <summary>
    /// This machine's address in the network of nginx's container, or null when nginx runs on this machine.
    /// </summary>
    public IPAddress? ContainerGateway { get; init; }

    /// <summary>How long the responder's answers last.</summary>
    public TimeSpan Validity { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How many requests the responder's journal remembers.</summary>
    public int Journal { get; init; } = 10_000;

    /// <summary>How long before its signing an answer says that it was true.</summary>
    public TimeSpan Backdate { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How soon the Kestrel site may ask the responder again; far sooner than by default, so that one sees what
    /// happens.
    /// </summary>
    public static TimeSpan MinimumRefreshInterval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The kind of key of the certificates, or null to keep what is there.</summary>
    public KeyAlgorithm? KeyAlgorithm { get; init; }

    /// <summary>The kind of key of authorities and OCSP signers, or null to keep what is there.</summary>
    public KeyAlgorithm? AuthorityKeyAlgorithm { get; init; }

    /// <summary>
    /// Whether the certificates name the responder; without it nothing can be stapled, and everybody says so.
    /// </summary>
    public OcspInCertificates OcspInCertificates { get; init; } = OcspInCertificates.Yes;

    /// <summary>The responder's host in the certificates: a name of the lab's name server, or an address.</summary>
    public string OcspHost { get; init; } = ResponderHost;

    /// <summary>The certificates' folder, the one to run the article's commands in.</summary>
    public string PkiDirectory => Path.Combine(Directory, "pki");

    /// <summary>The responder's database.</summary>
    public string Database => Path.Combine(Directory, "responder.db");

    /// <summary>The admin API's token.</summary>
    public string AdminTokenFile => Path.Combine(Directory, "admin-token");

    /// <summary>nginx's prefix: configuration, logs, temporary files.</summary>
    public string NginxDirectory => Path.Combine(Directory, "nginx");

    /// <summary>The same of the nginx that <c>keep</c> brings staples to.</summary>
    public string NginxKeptDirectory => Path.Combine(Directory, "nginx-kept");

    /// <summary>What <c>keep</c> gives to nginx, and what it remembers itself.</summary>
    public string KeepDirectory => Path.Combine(Directory, "keep");

    /// <summary>Where the Kestrel site keeps its staples for the next start.</summary>
    public string StapleDirectory => Path.Combine(Directory, "staples");

    /// <summary>The services' logs, one file each.</summary>
    public string LogDirectory => Path.Combine(Directory, "logs");

    /// <summary>The responder's URL as the certificates name it.</summary>
    public Uri OcspUrl => new($"http://{OcspHost}:{Ports.Responder}");

    /// <summary>The admin API.</summary>
    public Uri AdminUrl => new($"http://127.0.0.1:{Ports.ResponderAdmin}");

    /// <summary>The certificate authority.</summary>
    public LabPki CreatePki(TimeProvider clock) =>
        new(
            PkiDirectory,
            new PkiOptions
            {
                OcspUrl = OcspInCertificates == OcspInCertificates.Yes ? OcspUrl : null,
                KeyAlgorithm = KeyAlgorithm,
                AuthorityKeyAlgorithm = AuthorityKeyAlgorithm,
            },
            clock
        );

    /// <summary>The settings of one service, as configuration keys and values.</summary>
    /// <exception cref="ArgumentException"><paramref name="resource"/> is not a service.</exception>
    public IReadOnlyDictionary<string, string> SettingsOf(string resource) =>
        resource switch
        {
            Dns => DnsSettings(),
            Responder => ResponderSettings(),
            Kestrel => SiteSettings(),
            KestrelBuiltIn => BuiltInSettings(),
            _ => throw new ArgumentException($"'{resource}' is not a service.", nameof(resource)),
        };

    /// <summary>The same on a command line.</summary>
    public string[] ArgumentsOf(string resource) =>
        [.. SettingsOf(resource).Select(setting => $"--{setting.Key}={setting.Value}")];

    private Dictionary<string, string> DnsSettings() =>
        new()
        {
            ["Dns:Address"] = Addresses,
            ["Dns:Binding"] = Binding,
            ["Dns:Port"] = Text(Ports.Dns),
            ["Dns:Zones"] = $"{SiteHost},servicelab.com",
            ["Dns:Names"] = $"{SiteHost},www.{SiteHost},{ResponderHost}",
        };

    private Dictionary<string, string> ResponderSettings()
    {
        var pki = CreatePki(TimeProvider.System);
        const string authority = $"Responder:Authorities:{AuthorityName}";
        var settings = new Dictionary<string, string>
        {
            ["Responder:Address"] = Addresses,
            ["Responder:Binding"] = Binding,
            ["Responder:Port"] = Text(Ports.Responder),
            ["Responder:AdminPort"] = Text(Ports.ResponderAdmin),
            ["Responder:AdminTokenFile"] = AdminTokenFile,
            [$"{authority}:Database"] = Database,
            [$"{authority}:IssuerCertificate"] = pki.Intermediate.Certificate,
            [$"{authority}:Signers:0:Certificate"] = pki.OcspSigner.Certificate,
            [$"{authority}:Signers:0:Key"] = pki.OcspSigner.Key,
            [$"{authority}:Signers:0:PasswordFile"] = pki.OcspSigner.Password,
            ["Responder:Faults"] = "DangerousOn",
            ["Responder:FaultSigners:WithoutOcspSigning:Certificate"] = pki.SignerWithoutOcspSigning.Certificate,
            ["Responder:FaultSigners:WithoutOcspSigning:Key"] = pki.SignerWithoutOcspSigning.Key,
            ["Responder:FaultSigners:WithoutOcspSigning:PasswordFile"] = pki.SignerWithoutOcspSigning.Password,
            ["Responder:FaultSigners:Expired:Certificate"] = pki.ExpiredSigner.Certificate,
            ["Responder:FaultSigners:Expired:Key"] = pki.ExpiredSigner.Key,
            ["Responder:FaultSigners:Expired:PasswordFile"] = pki.ExpiredSigner.Password,
            ["Responder:Journal"] = Text(Journal),
            ["Responder:Validity"] = Validity.ToString("c"),
            ["Responder:Backdate"] = Backdate.ToString("c"),
            // People watch: a revocation is to be seen within seconds. The validity stays long, so that an outage is
            // survived.
            ["Responder:MaximumCacheAge"] = "00:00:05",
        };
        if (FleetPorts is { } fleet)
        {
            // What is revoked is to be known to the fleet's responders.
            settings.Remove($"{authority}:Database");
            settings[$"{authority}:PostgreSql"] = fleet.PostgresConnection(FleetPasswordFile);
            settings["Responder:WhenSourceFails"] = "RespondFromCache";
        }

        return settings;
    }

    private Dictionary<string, string> SiteSettings()
    {
        var settings = EndpointSettings(Ports.Kestrel, files => files.FullChain);
        foreach (var (key, value) in StaplingSettings($"127.0.0.1:{Ports.Dns}", StapleDirectory))
            settings[key] = value;
        return settings;
    }

    /// <summary>The library's settings that differ from its defaults: one is to see changes within seconds.</summary>
    internal static Dictionary<string, string> StaplingSettings(string nameServer, string storageDirectory) =>
        new()
        {
            ["OcspStapling:Fetch:Resolvers:0"] = nameServer,
            ["OcspStapling:StorageDirectory"] = storageDirectory,
            ["OcspStapling:MinimumRefreshInterval"] = MinimumRefreshInterval.ToString("c"),
            ["OcspStapling:RetryDelay"] = "00:00:01",
            ["OcspStapling:MaximumRetryDelay"] = "00:00:05",
        };

    private Dictionary<string, string> BuiltInSettings()
    {
        // The runtime asks about a certificate only when it finds the root of its chain.
        var settings = EndpointSettings(Ports.KestrelBuiltIn, files => files.FullChainWithRoot);
        settings["Site:Stapling"] = "BuiltIn";
        settings["Site:ResponderHost"] = ResponderHost;
        settings["Site:ResponderAddress"] = $"http://127.0.0.1:{Ports.Responder}";
        return settings;
    }

    private Dictionary<string, string> EndpointSettings(int port, Func<CertificateFiles, string> chain)
    {
        var files = CreatePki(TimeProvider.System).FilesOf(SiteCertificate);
        return new()
        {
            ["Kestrel:Endpoints:Https:Url"] = $"https://127.0.0.1:{port}",
            ["Kestrel:Endpoints:Https:Certificate:Path"] = chain(files),
            ["Kestrel:Endpoints:Https:Certificate:KeyPath"] = files.Key,
            ["Site:PasswordFile"] = files.Password,
        };
    }

    // A container reaches name server and responder by its network's gateway, which is there only while a container is.
    private string Binding => (ContainerGateway is null ? AddressBinding.Present : AddressBinding.Free).ToString();

    private string Addresses =>
        ContainerGateway switch
        {
            null => "127.0.0.1",
            var gateway when gateway.Equals(IPAddress.Any) => "0.0.0.0",
            var gateway => $"127.0.0.1,{gateway}",
        };

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    /// <summary>The intermediate authority's name in the responder's settings.</summary>
    public const string AuthorityName = "intermediate";

    /// <summary>The certificate that every site of the lab serves.</summary>
    public const string SiteCertificate = "echo";
}
