namespace OcspLab.Stapling;

/// <summary>What is different for one certificate. Bound from <c>OcspStapling:Certificates:NAME</c>.</summary>
public sealed class CertificateStaplingOptions
{
    /// <summary><value>Whether it is stapled at all. Default <see cref="StaplingUse.On"/>.</value></summary>
    public StaplingUse Use { get; set; } = StaplingUse.On;

    /// <summary><value>The responder to ask, or null for the general setting. Default null.</value></summary>
    public Uri? Responder { get; set; }

    /// <summary>
    /// <value>The name of the client to ask with, which has its own name servers, proxy and deadlines: one that was
    /// registered by <c>AddOcspClient(name)</c>, or a section <c>OcspStapling:Clients:NAME</c>. Null for the general
    /// one. Default null.</value>
    /// </summary>
    public string? Client { get; set; }

    /// <summary>
    /// <value>A file with the response in DER, which somebody else keeps fresh; no responder is asked then. It is
    /// verified like a fetched one and read again at each refresh. Default null.</value>
    /// </summary>
    public string? File { get; set; }
}

/// <summary>Whether a certificate is stapled.</summary>
public enum StaplingUse
{
    /// <summary>It is.</summary>
    On,

    /// <summary>It is not, and nothing is fetched.</summary>
    Off,
}
