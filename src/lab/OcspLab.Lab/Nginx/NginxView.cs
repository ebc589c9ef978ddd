using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// How nginx sees the lab: the paths and addresses of its configuration. Everything else in it is the article's.
/// </summary>
internal sealed record NginxView
{
    /// <summary>Paths and ports of the lab's folder.</summary>
    public static NginxView OfProcess(LabTopology topology, CertificateFiles certificate, HostsView view) =>
        new()
        {
            Listen = $"127.0.0.1:{topology.Ports.Nginx}",
            ListenIpv6 = PortCheck.HasIpv6Loopback() ? $"[::1]:{topology.Ports.Nginx}" : null,
            Key = certificate.Key,
            Password = certificate.Password,
            Certificate = certificate.FullChain,
            TrustedCertificates = Path.Combine(topology.PkiDirectory, "ca-chain.pem"),
            Logs = Path.Combine(topology.NginxDirectory, "logs"),
            Html = Path.Combine(topology.NginxDirectory, "html"),
            Sites = Path.Combine(topology.NginxDirectory, "conf.d"),
            ProcessIdFile = Path.Combine(topology.NginxDirectory, "nginx.pid"),
            Temporary = Path.Combine(topology.NginxDirectory, "temp"),
            Resolver = $"127.0.0.1:{topology.Ports.Dns}",
            StaplingResponder =
                view == HostsView.None && topology.OcspInCertificates == OcspInCertificates.Yes
                    ? $"http://127.0.0.1:{topology.Ports.Responder}"
                    : null,
            RunsAsRoot = Environment.UserName == "root",
        };

    /// <summary>The article's own paths and ports, which a container can have.</summary>
    /// <param name="resolver">The lab's name server as the container reaches it.</param>
    public static NginxView OfContainer(string resolver) =>
        new()
        {
            Listen = "443",
            ListenIpv6 = PortCheck.HasIpv6Loopback() ? "[::]:443" : null,
            Key = "/etc/nginx/ssl/echocert.lab/rsa_echocert_encrypted.key",
            Password = "/etc/nginx/ssl/echocert.lab/password.txt",
            Certificate = "/etc/nginx/ssl/echocert.lab/fullchain.pem",
            TrustedCertificates = "/etc/nginx/ssl/ca-chain.pem",
            Logs = "/var/log/nginx",
            Html = "/var/www/html",
            Sites = "/etc/nginx/conf.d",
            ProcessIdFile = "/run/nginx.pid",
            Temporary = null,
            Resolver = resolver,
            StaplingResponder = null,
            RunsAsRoot = true,
        };

    public required string Listen { get; init; }

    /// <summary>Null on a machine without IPv6.</summary>
    public required string? ListenIpv6 { get; init; }

    public required string Key { get; init; }

    public required string Password { get; init; }

    public required string Certificate { get; init; }

    public required string TrustedCertificates { get; init; }

    public required string Logs { get; init; }

    public required string Html { get; init; }

    public required string Sites { get; init; }

    public required string ProcessIdFile { get; init; }

    /// <summary>For temporary files, or null where nginx' own place for them can be written.</summary>
    public required string? Temporary { get; init; }

    public required string Resolver { get; init; }

    /// <summary>The responder's address, or null where nginx can be shown its name.</summary>
    public required string? StaplingResponder { get; init; }

    /// <summary>Whether the workers must be told to stay root, to read what only the lab's owner may.</summary>
    public required bool RunsAsRoot { get; init; }

    /// <summary>The article's stapling, or another to compare it with.</summary>
    public NginxStapling Stapling { get; init; } = NginxStapling.Fetched;

    /// <summary>For <see cref="NginxStapling.File"/>: the response, in DER.</summary>
    public string? StapleFile { get; init; }
}

/// <summary>Where nginx' staples come from.</summary>
internal enum NginxStapling
{
    /// <summary>It fetches and verifies them.</summary>
    Fetched,

    /// <summary>From a file, unread.</summary>
    File,

    /// <summary>There are none.</summary>
    Off,
}
