using Aspire.Hosting.ApplicationModel;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Aspire.Hosting.ApplicationModel;

/// <summary>
/// A certificate authority for development: a root, an intermediate, a delegated OCSP signer (RFC 6960 §4.2.2.2) and
/// the certificates of those that ask for one. It makes its files in the AppHost itself, and is running once they are
/// there.
/// </summary>
/// <param name="name">The resource's name.</param>
/// <param name="directory">The folder of everything that it makes. Absolute.</param>
public sealed class CertificateAuthorityResource(string name, string directory)
    : Resource(name),
        IResourceWithWaitSupport
{
    private readonly List<CertificateOrder> _orders = [];
    private readonly List<StapledSite> _sites = [];

    /// <summary>
    /// The folder of everything that it makes, which is one that <c>ocsplab --lab</c> knows its way around in.
    /// </summary>
    public string Directory => Topology.Directory;

    /// <summary>The root certificate in PEM, for whoever must trust it.</summary>
    public string RootCertificate => Pki.Root.Certificate;

    /// <summary>Intermediate and root in one PEM file.</summary>
    public string CertificateChain => Pki.CaChain;

    /// <summary>Its responder, or null while it has none: then its certificates name none.</summary>
    public OcspResponderResource? Responder { get; private set; }

    /// <summary>Its name server, or null while it has none.</summary>
    public NameServerResource? NameServer { get; private set; }

    /// <summary>Ports, files and settings.</summary>
    internal LabTopology Topology { get; set; } =
        new() { Directory = directory, OcspInCertificates = OcspInCertificates.No };

    /// <summary>What it is to issue.</summary>
    internal IReadOnlyList<CertificateOrder> Orders => _orders;

    /// <summary>
    /// What is served by the resources of this application, as health checks and port checks find it.
    /// </summary>
    internal IReadOnlyList<StapledSite> Sites => _sites;

    /// <summary>The files.</summary>
    internal LabPki Pki => Topology.CreatePki(TimeProvider.System);

    /// <summary>Takes a responder, which its sites wait for.</summary>
    internal void Add(OcspResponderResource responder)
    {
        Responder = responder;
        foreach (var site in _sites)
            WaitFor(site, responder);
    }

    /// <summary>Takes a name server, which its sites wait for.</summary>
    internal void Add(NameServerResource server)
    {
        NameServer = server;
        foreach (var site in _sites)
            WaitFor(site, server);
    }

    /// <summary>
    /// Takes a site, which waits for those that it asks, whether they are there already or come later.
    /// </summary>
    internal void Add(StapledSite site)
    {
        _sites.Add(site);
        foreach (var service in new IResource?[] { Responder, NameServer }.OfType<IResource>())
            WaitFor(site, service);
    }

    private static void WaitFor(StapledSite site, IResource service)
    {
        site.Resource.Annotations.Add(new WaitAnnotation(service, WaitType.WaitUntilHealthy));
        foreach (var relationship in (string[])["WaitFor", "Reference"])
            site.Resource.Annotations.Add(new ResourceRelationshipAnnotation(service, relationship));
    }

    /// <summary>Orders a certificate.</summary>
    /// <exception cref="ArgumentException">The name is taken, or is none.</exception>
    internal void Order(CertificateOrder order)
    {
        if (!LabPki.IsName(order.Name))
            throw new ArgumentException(
                $"'{order.Name}' cannot name a certificate: lower-case letters, digits and hyphens, at most 40."
            );
        if (_orders.Any(known => known.Name == order.Name))
            throw new ArgumentException($"'{Name}' is to issue a certificate '{order.Name}' already.");
        _orders.Add(order);
    }

    /// <summary>Makes sure that a certificate can be issued for these.</summary>
    /// <exception cref="ArgumentException">There is none, or one is no host.</exception>
    internal static void CheckHosts(IReadOnlyList<string> hostNames)
    {
        ArgumentNullException.ThrowIfNull(hostNames);
        if (hostNames.Count == 0)
            throw new ArgumentException("Name at least one host, such as \"shop.lab\".", nameof(hostNames));
        foreach (var host in hostNames)
            if (
                Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host)
                == UriHostNameType.Unknown
            )
                throw new ArgumentException($"'{host}' is no host name and no address.", nameof(hostNames));
    }

    /// <summary>The order for a host, which is made where there is none.</summary>
    internal CertificateOrder OrderFor(IReadOnlyList<string> hostNames)
    {
        var known = _orders.Find(order => hostNames.All(order.HostNames.Except(Loopback).Contains));
        if (known is not null)
            return known;
        var name = hostNames[0]
            .Replace("*.", "", StringComparison.Ordinal)
            .Replace('.', '-')
            .Replace(':', '-')
            .Trim('-')
            .ToLowerInvariant();
        name = name[..Math.Min(name.Length, 36)].TrimEnd('-');
        for (var (stem, number) = (name, 2); _orders.Any(order => order.Name == name); number++)
            name = $"{stem}-{number}";
        Order(new CertificateOrder(name) { Kind = CertificateKind.Site, HostNames = WithLoopback(hostNames) });
        return _orders[^1];
    }

    /// <summary>
    /// What a dashboard's links and a health check call a server: they are names of its certificate too.
    /// </summary>
    internal static IReadOnlyList<string> WithLoopback(IEnumerable<string> hostNames) => [.. hostNames.Union(Loopback)];

    private static readonly string[] Loopback = ["localhost", "127.0.0.1"];
}

/// <summary>A server with a certificate of the authority.</summary>
/// <param name="Resource">The server.</param>
/// <param name="HostName">The name that it is asked for.</param>
/// <param name="Certificate">The certificate's name.</param>
internal sealed record StapledSite(IResourceWithEndpoints Resource, string HostName, string Certificate);
