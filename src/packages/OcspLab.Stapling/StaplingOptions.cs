using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using OcspLab.Ocsp.Fetching;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Stapling;

/// <summary>
/// How staples are kept. Bound from the section <c>OcspStapling</c>; fetching itself from <c>OcspStapling:Fetch</c>
/// (<see cref="OcspClientOptions"/>). Changes at run time are taken up at the next refresh; storage is chosen once, at
/// start.
/// </summary>
[UnconditionalSuppressMessage(
    "Trimming",
    "IL2026",
    Justification = "The bounds are read by BoundsValidator, without a type converter."
)]
public sealed class StaplingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "OcspStapling";

    /// <summary>
    /// <value>The responder to ask instead of the one that the certificate names, or null. Default null.</value>
    /// </summary>
    public Uri? Responder { get; set; }

    /// <summary>
    /// <value>The responders to ask in place of others that certificates name, by the URL in the certificate. Default
    /// empty.</value>
    /// </summary>
    public IDictionary<string, Uri> Responders { get; } = new Dictionary<string, Uri>(StringComparer.Ordinal);

    /// <summary>
    /// <value>What is different for single certificates, by DNS name as it stands in the certificate (also
    /// <c>*.example.com</c>), or by SHA-256 or SHA-1 thumbprint in hexadecimal. Default empty.</value>
    /// </summary>
    public IDictionary<string, CertificateStaplingOptions> Certificates { get; } =
        new Dictionary<string, CertificateStaplingOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// <value>PEM files with certificates of authorities, for server certificates that come without their issuer's
    /// (nginx's <c>ssl_trusted_certificate</c>). Read at start, and again while an issuer is missing; default
    /// empty.</value>
    /// </summary>
    public IList<string> Issuers { get; } = [];

    /// <summary>
    /// <value>How long a port stays closed for the first staples. 0 to 10 minutes; default 10 seconds.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StartupTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <value>How long a handshake waits for the first staple of a certificate that nobody has announced, counted from
    /// when the certificate was met. Only where a server can wait: <see cref="IOcspStapler.ApplyAsync"/>, and Kestrel's
    /// <c>TlsHandshakeCallbackOptions</c>. 0 to 10 seconds; default 2 seconds.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan FirstHandshakeTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// <value>What to do with an authentic <em>revoked</em>. Default <see cref="RevokedPolicy.Staple"/>.</value>
    /// </summary>
    public RevokedPolicy Revoked { get; set; } = RevokedPolicy.Staple;

    /// <summary>
    /// <value>What a handshake with a must-staple certificate gets while there is no staple. Default
    /// <see cref="MustStaplePolicy.Refuse"/>.</value>
    /// </summary>
    public MustStaplePolicy MustStaple { get; set; } = MustStaplePolicy.Refuse;

    /// <summary>
    /// <value>The shortest time between two successful refreshes, whatever the responder's cache headers say. 1 second
    /// to 1 day; default 5 minutes.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MinimumRefreshInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// <value>The wait after a first failure; it doubles with each further one. 100 milliseconds to 1 hour; default 10
    /// seconds.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary><value>The longest wait after a failure. 1 second to 1 day; default 1 hour.</value></summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaximumRetryDelay { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// <value>How many requests one responder gets at a time. 1 to 256; default 8. Read at start.</value>
    /// </summary>
    [Range(1, 256)]
    public int MaximumConcurrency { get; set; } = 8;

    /// <summary>
    /// <value>Where verified staples are kept for the next start. Default
    /// <see cref="StapleStorage.Directory"/>.</value>
    /// </summary>
    public StapleStorage Storage { get; set; } = StapleStorage.Directory;

    /// <summary>
    /// <value>The directory for <see cref="StapleStorage.Directory"/>; null for <c>ocsp-staples</c> under
    /// <c>$STATE_DIRECTORY</c> (systemd's <c>StateDirectory=</c>) or, without it, under the user's local application
    /// data. Default null.</value>
    /// </summary>
    public string? StorageDirectory { get; set; }

    /// <summary><value>What the RFCs leave to the relying party.</value></summary>
    public VerificationPolicy Verification { get; set; } = new();

    /// <summary><value>Whom to tell what happens; set in code.</value></summary>
    public StaplingEvents Events { get; set; } = new();
}

/// <summary>What a server does when it learns that its own certificate is revoked.</summary>
public enum RevokedPolicy
{
    /// <summary>Staple it: clients that check are told the truth. The older <em>good</em> is gone either way.</summary>
    Staple,

    /// <summary>Staple nothing.</summary>
    Withhold,
}

/// <summary>What a handshake gets when its certificate demands a staple (RFC 7633) and there is none.</summary>
public enum MustStaplePolicy
{
    /// <summary>The handshake is refused: the certificate promises that no handshake goes without a staple.</summary>
    Refuse,

    /// <summary>
    /// It goes on without: clients that don't know must-staple are served, the others give up by themselves.
    /// </summary>
    Serve,
}

/// <summary>Where staples survive a restart.</summary>
public enum StapleStorage
{
    /// <summary>In a directory of this machine, one file a certificate.</summary>
    Directory,

    /// <summary>
    /// In the application's <c>IDistributedCache</c>, shared by all its instances: one of them asks for all.
    /// </summary>
    DistributedCache,

    /// <summary>Nowhere.</summary>
    None,
}
