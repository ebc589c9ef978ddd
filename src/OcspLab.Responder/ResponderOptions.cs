using System.ComponentModel.DataAnnotations;

namespace OcspLab.Responder;

/// <summary>What the responder answers for, signs with, and how long its answers hold. Bound from the section <c>Responder</c>.</summary>
public sealed class ResponderOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Responder";

    /// <summary><value>The address of the OCSP port. Default 127.0.0.1; the lab's containers need a wider one.</value></summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary><value>The OCSP port; 0 for any free one. Default 8888.</value></summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8888;

    /// <summary><value>The admin API's port, always on 127.0.0.1; 0 for any free one. Default 8889.</value></summary>
    [Range(0, 65535)]
    public int AdminPort { get; set; } = 8889;

    /// <summary><value>The file with the admin API's token; made with mode 0600 when missing.</value></summary>
    [Required]
    public string AdminTokenFile { get; set; } = "admin-token";

    /// <summary><value>The SQLite database of what was issued and revoked; made when missing.</value></summary>
    [Required]
    public string Database { get; set; } = "responder.db";

    /// <summary><value>PEM of the authority whose certificates are answered for.</value></summary>
    [Required]
    public string IssuerCertificate { get; set; } = "";

    /// <summary><value>PEM of the certificate that signs: the authority's own or a delegate's.</value></summary>
    [Required]
    public string SignerCertificate { get; set; } = "";

    /// <summary><value>PEM of the signer's key.</value></summary>
    [Required]
    public string SignerKey { get; set; } = "";

    /// <summary><value>A file whose first line is the key's password, or null for a key in the clear.</value></summary>
    public string? SignerPasswordFile { get; set; }

    /// <summary><value>nextUpdate − now of a fresh answer. 10 seconds to 10 days; default 1 day.</value></summary>
    [Range(typeof(TimeSpan), "00:00:10", "10.00:00:00")]
    public TimeSpan Validity { get; set; } = TimeSpan.FromDays(1);

    /// <summary><value>How far thisUpdate is dated back, for clients whose clock lags. 0 to 1 hour; default 5 minutes.</value></summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Backdate { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary><value>The longest Cache-Control max-age. A shorter one makes a revocation known sooner. 0 to 10 days; default 12 hours.</value></summary>
    [Range(typeof(TimeSpan), "00:00:00", "10.00:00:00")]
    public TimeSpan MaximumCacheAge { get; set; } = TimeSpan.FromHours(12);

    /// <summary><value>How many signed answers are kept ready, of one to two kilobytes each; 0 signs each anew. 0 to 10,000,000; default 50,000.</value></summary>
    [Range(0, 10_000_000)]
    public int MaximumReadyAnswers { get; set; } = 50_000;

    /// <summary><value>The largest request that is read, in bytes. 256 to 1 MiB; default 8 KiB.</value></summary>
    [Range(256, 1024 * 1024)]
    public int MaximumRequestSize { get; set; } = 8 * 1024;
}
