using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// How nginx sees its site: the names, paths and addresses of its configuration. Everything else in it is the
/// article's.
/// </summary>
internal sealed record NginxView
{
    /// <summary>Paths and ports of this machine.</summary>
    public static NginxView OfProcess(NginxSite site, HostsView view) =>
        new()
        {
            HostName = site.HostName,
            ResponderHost = site.ResponderHost,
            Listen = $"127.0.0.1:{site.Port}",
            ListenIpv6 = PortCheck.HasIpv6Loopback() ? $"[::1]:{site.Port}" : null,
            Key = site.Certificate.Key,
            Password = site.Certificate.Password,
            Certificate = site.Certificate.FullChain,
            TrustedCertificates = site.TrustedCertificates,
            Logs = Path.Combine(site.Directory, "logs"),
            Log = site.Log,
            Html = Path.Combine(site.Directory, "html"),
            Sites = Path.Combine(site.Directory, "conf.d"),
            ProcessIdFile = Path.Combine(site.Directory, "nginx.pid"),
            Temporary = Path.Combine(site.Directory, "temp"),
            Resolver = site.NameServer is { } port ? $"127.0.0.1:{port}" : null,
            StaplingResponder =
                view == HostsView.None && site.ResponderHost is not null ? site.ResponderAt("127.0.0.1") : null,
            RunsAsRoot = Environment.UserName == "root",
            Stapling = site.KeptStaple is null ? NginxStapling.Fetched : NginxStapling.Included,
            StapleFile = site.KeptStaple?.Include,
        };

    /// <summary>The article's own paths and ports, which a container can have.</summary>
    /// <param name="site">The site.</param>
    /// <param name="machine">This machine as the container reaches it.</param>
    public static NginxView OfContainer(NginxSite site, string machine) =>
        new()
        {
            HostName = site.HostName,
            ResponderHost = site.ResponderHost,
            Listen = "443",
            ListenIpv6 = PortCheck.HasIpv6Loopback() ? "[::]:443" : null,
            Key = $"/etc/nginx/ssl/{site.HostName}/rsa_{BaseName(site.HostName)}_encrypted.key",
            Password = $"/etc/nginx/ssl/{site.HostName}/password.txt",
            Certificate = $"/etc/nginx/ssl/{site.HostName}/fullchain.pem",
            TrustedCertificates = "/etc/nginx/ssl/ca-chain.pem",
            Logs = "/var/log/nginx",
            Log = site.Log,
            Html = "/var/www/html",
            Sites = "/etc/nginx/conf.d",
            ProcessIdFile = "/run/nginx.pid",
            Temporary = null,
            Resolver = site.NameServer is { } port ? $"{machine}:{port}" : null,
            // What is loopback's here is the container's own there.
            StaplingResponder = site.Responder is { IsLoopback: true } ? site.ResponderAt(machine) : null,
            RunsAsRoot = true,
            Stapling = site.KeptStaple is null ? NginxStapling.Fetched : NginxStapling.Included,
            StapleFile = site.KeptStaple?.Include,
        };

    public required string HostName { get; init; }

    /// <summary>The responder's name, or null where it has none that is looked up.</summary>
    public required string? ResponderHost { get; init; }

    /// <summary>What the site's own files are called: the first label of its name.</summary>
    public string Name => BaseName(HostName);

    public required string Listen { get; init; }

    /// <summary>Null on a machine without IPv6.</summary>
    public required string? ListenIpv6 { get; init; }

    public required string Key { get; init; }

    public required string Password { get; init; }

    public required string Certificate { get; init; }

    public required string TrustedCertificates { get; init; }

    public required string Logs { get; init; }

    public required NginxLog Log { get; init; }

    public required string Html { get; init; }

    public required string Sites { get; init; }

    public required string ProcessIdFile { get; init; }

    /// <summary>For temporary files, or null where nginx' own place for them can be written.</summary>
    public required string? Temporary { get; init; }

    /// <summary>The name server, or null to go without.</summary>
    public required string? Resolver { get; init; }

    /// <summary>The responder's address, or null where nginx can be shown its name.</summary>
    public required string? StaplingResponder { get; init; }

    /// <summary>Whether the workers must be told to stay root, to read what only the lab's owner may.</summary>
    public required bool RunsAsRoot { get; init; }

    /// <summary>The article's stapling, or another to compare it with.</summary>
    public NginxStapling Stapling { get; init; } = NginxStapling.Fetched;

    /// <summary>
    /// For <see cref="NginxStapling.File"/>: the response, in DER; for <see cref="NginxStapling.Included"/>: what names
    /// it.
    /// </summary>
    public string? StapleFile { get; init; }

    private static string BaseName(string hostName) => hostName.TrimStart('*', '.').Split('.')[0];
}

/// <summary>Where nginx' staples come from.</summary>
internal enum NginxStapling
{
    /// <summary>It fetches and verifies them.</summary>
    Fetched,

    /// <summary>From a file, unread.</summary>
    File,

    /// <summary>From a file that another program names to it.</summary>
    Included,

    /// <summary>There are none.</summary>
    Off,
}
