using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Lab.Nginx;

/// <summary>What an nginx serves, and where it finds responder and name server.</summary>
public sealed record NginxSite
{
    /// <summary>nginx's prefix: configuration, logs, temporary files. Absolute.</summary>
    public required string Directory { get; init; }

    /// <summary>The port on 127.0.0.1.</summary>
    public required int Port { get; init; }

    /// <summary>The name that it serves.</summary>
    public required string HostName { get; init; }

    /// <summary>Its certificate.</summary>
    public required CertificateFiles Certificate { get; init; }

    /// <summary>Intermediate and root in one PEM file (<c>ssl_trusted_certificate</c>).</summary>
    public required string TrustedCertificates { get; init; }

    /// <summary>The responder's URL in the certificate, or null where it names none.</summary>
    public required Uri? Responder { get; init; }

    /// <summary>The name server's port on this machine, or null to go without.</summary>
    public int? NameServer { get; init; }

    /// <summary>What another program brings it to staple, or null where it fetches for itself.</summary>
    public KeptStaple? KeptStaple { get; init; }

    /// <summary>The network of its container, or null for one of its own.</summary>
    internal string? Network { get; init; }

    /// <summary>Where else than to its files nginx's log goes.</summary>
    public NginxLog Log { get; init; }

    /// <summary>The lab's.</summary>
    public static NginxSite Of(LabTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var pki = topology.CreatePki(TimeProvider.System);
        return new NginxSite
        {
            Directory = topology.NginxDirectory,
            Port = topology.Ports.Nginx,
            HostName = LabTopology.SiteHost,
            Certificate = pki.FilesOf(LabTopology.SiteCertificate),
            TrustedCertificates = pki.CaChain,
            Responder = topology.OcspInCertificates == OcspInCertificates.Yes ? topology.OcspUrl : null,
            NameServer = topology.Ports.Dns,
        };
    }

    /// <summary>The lab's that <c>keep</c> brings staples to.</summary>
    public static NginxSite KeptOf(LabTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return Of(topology) with
        {
            Directory = topology.NginxKeptDirectory,
            Port = topology.Ports.NginxKept,
            KeptStaple = new KeptStaple(topology.KeepDirectory),
            Network = ContainedNginx.NameOf(topology.NginxDirectory),
        };
    }

    /// <summary>The responder's name where it is one of the name server's, and not an address.</summary>
    internal string? ResponderHost =>
        Responder is { HostNameType: UriHostNameType.Dns, IsLoopback: false, Host: var host } ? host : null;

    /// <summary>The responder at another address of this machine.</summary>
    internal string ResponderAt(string machine) => $"http://{machine}:{Responder!.Port}";
}

/// <summary>The files that <c>keep</c> writes for nginx.</summary>
/// <param name="Directory">Their folder.</param>
public sealed record KeptStaple(string Directory)
{
    /// <summary>The response, in DER.</summary>
    public string File => Path.Combine(Directory, "staple.der");

    /// <summary>For nginx to include.</summary>
    public string Include => Path.Combine(Directory, "staple.conf");
}

/// <summary>Where nginx's log goes.</summary>
public enum NginxLog
{
    /// <summary>To the article's files.</summary>
    Files,

    /// <summary>To standard error as well.</summary>
    FilesAndConsole,
}
