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

    /// <summary>The responder's name where it is one of the name server's, and not an address.</summary>
    internal string? ResponderHost =>
        Responder is { HostNameType: UriHostNameType.Dns, IsLoopback: false, Host: var host } ? host : null;

    /// <summary>The responder at another address of this machine.</summary>
    internal string ResponderAt(string machine) => $"http://{machine}:{Responder!.Port}";
}

/// <summary>Where nginx's log goes.</summary>
public enum NginxLog
{
    /// <summary>To the article's files.</summary>
    Files,

    /// <summary>To standard error as well.</summary>
    FilesAndConsole,
}
