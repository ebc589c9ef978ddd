using Aspire.Hosting.ApplicationModel;

namespace OcspLab.Aspire.Hosting.ApplicationModel;

/// <summary>
/// An OCSP responder (RFC 6960) over the certificates of an authority, with an admin API on loopback. It runs
/// <c>ocsplab responder service</c>.
/// </summary>
public sealed class OcspResponderResource : ExecutableResource
{
    /// <summary>Where clients ask.</summary>
    public const string OcspEndpointName = "ocsp";

    /// <summary>The admin API, behind a token.</summary>
    public const string AdminEndpointName = "admin";

    internal OcspResponderResource(
        string name,
        string command,
        string workingDirectory,
        CertificateAuthorityResource authority
    )
        : base(name, command, workingDirectory)
    {
        Authority = authority;
        OcspEndpoint = new EndpointReference(this, OcspEndpointName);
        AdminEndpoint = new EndpointReference(this, AdminEndpointName);
    }

    /// <summary>Whose certificates it answers for.</summary>
    public CertificateAuthorityResource Authority { get; }

    /// <summary>Where clients ask.</summary>
    public EndpointReference OcspEndpoint { get; }

    /// <summary>The admin API, behind a token.</summary>
    public EndpointReference AdminEndpoint { get; }

    /// <summary>The responder's URL as the authority writes it into its certificates (RFC 5280 §4.2.2.1).</summary>
    public Uri Url => Authority.Topology.OcspUrl;

    /// <summary>The file with the admin API's bearer token, mode 0600.</summary>
    public string AdminTokenFile => Authority.Topology.AdminTokenFile;
}
