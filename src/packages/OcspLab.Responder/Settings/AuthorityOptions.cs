using System.ComponentModel.DataAnnotations;
using OcspLab.Ocsp.Revocation;
using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Settings;

/// <summary>
/// An authority: its certificate, who signs for it, and where the statuses are. Exactly one of the four sources, or a
/// keyed <see cref="IStatusSource"/> under the authority's name.
/// </summary>
public sealed class AuthorityOptions
{
    /// <summary><value>PEM or DER of the authority whose certificates are answered for.</value></summary>
    public string IssuerCertificate { get; set; } = "";

    /// <summary>
    /// <value>Who signs: the authority itself or its delegates (RFC 6960 §4.2.2.2). The first is the default; others
    /// serve clients who prefer their algorithm (§4.4.7).</value>
    /// </summary>
    public IList<SignerOptions> Signers { get; } = [];

    /// <summary><value>A SQLite database of what was issued and revoked; made when missing.</value></summary>
    public string? Database { get; set; }

    /// <summary><value>The index.txt of <c>openssl ca</c>; read again when it changes.</value></summary>
    public string? Index { get; set; }

    /// <summary><value>A complete CRL: a path, or an http or https URL.</value></summary>
    public string? Crl { get; set; }

    /// <summary><value>How often a CRL's URL is asked again. 10 seconds to 1 day; default 10 minutes.</value></summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan CrlRefreshInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// <value>Whether the CRL of a distribution point counts as complete. Default <see cref="CrlScope.Complete"/>: it
    /// does not.</value>
    /// </summary>
    public CrlScope CrlScope { get; set; }

    /// <summary>
    /// <value>What is said of serial numbers that a CRL does not name. Default <see
    /// cref="UnlistedSerials.Good"/>.</value>
    /// </summary>
    public UnlistedSerials Unlisted { get; set; }

    /// <summary>
    /// <value>How the authority's serial numbers begin, in hexadecimal of whole octets; others are
    /// <c>unauthorized</c>, and nothing is looked up or signed for them. Default empty: any.</value>
    /// </summary>
    public IList<string> SerialPrefixes { get; } = [];

    /// <summary><value>The connection string of a PostgreSQL database.</value></summary>
    public string? PostgreSql { get; set; }
}

/// <summary>A certificate that signs and its key; read again when the files change.</summary>
public sealed class SignerOptions
{
    /// <summary><value>PEM of the certificate: the authority's own or a delegate's.</value></summary>
    public string Certificate { get; set; } = "";

    /// <summary><value>PEM of its key; the certificate's file when empty.</value></summary>
    public string Key { get; set; } = "";

    /// <summary><value>A file whose first line is the key's password, or null.</value></summary>
    public string? PasswordFile { get; set; }

    /// <summary>
    /// <value>The password itself, from a secret store, or null; with neither the key is in the clear.</value>
    /// </summary>
    public string? Password { get; set; }
}
