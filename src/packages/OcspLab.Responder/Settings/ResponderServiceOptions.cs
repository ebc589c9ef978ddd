using System.ComponentModel.DataAnnotations;

namespace OcspLab.Responder.Settings;

/// <summary>Where the responder listens as a service of its own. Bound from the section <c>Responder</c> too.</summary>
public sealed class ResponderServiceOptions
{
    /// <summary>
    /// <value>The address of the OCSP port; several are separated by commas. Default 127.0.0.1.</value>
    /// </summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary><value>The OCSP port; 0 for any free one. Default 8888.</value></summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8888;

    /// <summary>
    /// <value>The most connections to the OCSP port; fewer where the process may not open as many files. One that has
    /// asked nothing for longest makes room for a new one. 1 to 1,000,000; default 10,000.</value>
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaximumConnections { get; set; } = 10_000;

    /// <summary>
    /// <value>The most of them from one address (IPv6: one network of 64 bits). Behind a proxy every client has the
    /// proxy's. 1 to 1,000,000; default null, a quarter of all.</value>
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaximumConnectionsPerAddress { get; set; }

    /// <summary>
    /// <value>How long a connection may be kept without a request. 1 second to 1 hour; default 15 seconds.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary><value>The admin API's port, always on 127.0.0.1; 0 for any free one. Default 8889.</value></summary>
    [Range(0, 65535)]
    public int AdminPort { get; set; } = 8889;

    /// <summary><value>The file with the admin API's token; made with mode 0600 when missing.</value></summary>
    public string AdminTokenFile { get; set; } = "admin-token";

    /// <summary>
    /// <value>The file of a second token, which reads and changes nothing; made with mode 0600 when missing. Default
    /// null: there is none.</value>
    /// </summary>
    public string? ReadTokenFile { get; set; }

    /// <summary>
    /// <value>A file to which every change through the admin API is appended, and once a minute how many responses were
    /// signed; each line is chained to the one before by its hash. Default null: there is none.</value>
    /// </summary>
    public string? AuditFile { get; set; }

    /// <summary>
    /// <value>How many requests the journal remembers; 0 for no journal. 0 to 1,000,000; default 0.</value>
    /// </summary>
    [Range(0, 1_000_000)]
    public int Journal { get; set; }

    /// <summary>
    /// <value>Whether the admin API can make the responder misbehave. For laboratories. Default
    /// <see cref="FaultInjection.Off"/>.</value>
    /// </summary>
    public FaultInjection Faults { get; set; }

    /// <summary><value>Certificates that some faults sign with.</value></summary>
    public FaultSignerOptions FaultSigners { get; } = new();
}

/// <summary>
/// Certificates of the authority that must not be believed: only it can make them, and two faults need them.
/// </summary>
public sealed class FaultSignerOptions
{
    /// <summary><value>A certificate without the extended key usage OCSPSigning.</value></summary>
    public SignerOptions? WithoutOcspSigning { get; set; }

    /// <summary><value>A delegate's that has expired.</value></summary>
    public SignerOptions? Expired { get; set; }
}

/// <summary>Faults on demand.</summary>
public enum FaultInjection
{
    /// <summary>Not to be had.</summary>
    Off,

    /// <summary>Through the admin API.</summary>
    DangerousOn,
}
