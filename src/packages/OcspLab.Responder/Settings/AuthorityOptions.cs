using System.ComponentModel.DataAnnotations;
using OcspLab.Ocsp.Revocation;
using OcspLab.Ocsp.Signing;
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

    /// <summary>
    /// <value>A certificate database of cfssl in SQLite, which is only read; cfssl issues and revokes.</value>
    /// </summary>
    public string? Cfssl { get; set; }

    /// <summary><value>The same in PostgreSQL: a connection string.</value></summary>
    public string? CfsslPostgreSql { get; set; }

    /// <summary><value>A complete CRL: a path, or an http or https URL.</value></summary>
    public string? Crl { get; set; }

    /// <summary>
    /// <value>The CRLs of all distribution points, instead of <see cref="Crl"/>: what one of them names is revoked, and
    /// all of them are needed. <see cref="CrlScope"/> is <see cref="CrlScope.DistributionPoint"/> for them.</value>
    /// </summary>
    public IList<string> Crls { get; } = [];

    /// <summary>
    /// <value>A delta CRL beside <see cref="Crl"/> (RFC 5280 §5.2.4): a path, or an http or https URL.</value>
    /// </summary>
    public string? DeltaCrl { get; set; }

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

    /// <summary>
    /// <value>Whether answers are signed ahead of time. Default <see cref="PresignMode.Off"/>.</value>
    /// </summary>
    public PresignMode Presign { get; set; }

    /// <inheritdoc cref="ResponderOptions.Validity"/>
    /// <remarks>Null, the default, for what is set for all; so it is with the settings that follow.</remarks>
    [Range(typeof(TimeSpan), "00:00:10", "10.00:00:00")]
    public TimeSpan? Validity { get; set; }

    /// <inheritdoc cref="ResponderOptions.Backdate"/>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan? Backdate { get; set; }

    /// <inheritdoc cref="ResponderOptions.MaximumCacheAge"/>
    [Range(typeof(TimeSpan), "00:00:00", "10.00:00:00")]
    public TimeSpan? MaximumCacheAge { get; set; }

    /// <inheritdoc cref="ResponderOptions.NeverIssued"/>
    public NeverIssued? NeverIssued { get; set; }

    /// <inheritdoc cref="ResponderOptions.Nonces"/>
    public NonceHandling? Nonces { get; set; }

    /// <inheritdoc cref="ResponderOptions.NextUpdate"/>
    public NextUpdateField? NextUpdate { get; set; }

    /// <inheritdoc cref="ResponderOptions.ArchiveRetention"/>
    [Range(typeof(TimeSpan), "00:00:00", "36525.00:00:00")]
    public TimeSpan? ArchiveRetention { get; set; }

    /// <inheritdoc cref="ResponderOptions.CrlReferences"/>
    public CrlReferences? CrlReferences { get; set; }

    /// <inheritdoc cref="ResponderOptions.ResponderId"/>
    public ResponderIdForm? ResponderId { get; set; }

    /// <summary><value>The connection string of a PostgreSQL database.</value></summary>
    public string? PostgreSql { get; set; }
}

/// <summary>A certificate that signs and its key; read again when the files change.</summary>
public sealed class SignerOptions
{
    /// <summary><value>PEM of the certificate: the authority's own or a delegate's.</value></summary>
    public string Certificate { get; set; } = "";

    /// <summary>
    /// <value>PEM of its key; the certificate's file when empty. Or a PKCS#11 URI (RFC 7512):
    /// <c>pkcs11:token=ocsp;object=signer?module-path=/usr/lib/module.so&amp;pin-source=file:/etc/ocsp.pin</c>.</value>
    /// </summary>
    public string Key { get; set; } = "";

    /// <summary>
    /// <value>The hash that is signed where a client does not prefer another. Default
    /// <see cref="SigningDigest.Sha256"/>.</value>
    /// </summary>
    public SigningDigest Digest { get; set; }

    /// <summary>
    /// <value>PEM of certificates that are enclosed in answers after a delegate's own, for clients that want more of
    /// the
    /// chain; null for none.</value>
    /// </summary>
    public string? Chain { get; set; }

    /// <summary><value>A file whose first line is the key's password, or null.</value></summary>
    public string? PasswordFile { get; set; }

    /// <summary>
    /// <value>The password itself, from a secret store, or null; with neither the key is in the clear.</value>
    /// </summary>
    public string? Password { get; set; }
}

/// <summary>Whether answers are signed before anybody asks.</summary>
public enum PresignMode
{
    /// <summary>When they are asked for.</summary>
    Off,

    /// <summary>For every certificate that the source lists and that has not expired.</summary>
    Listed,
}

/// <summary>The hash that a signature is made over.</summary>
public enum SigningDigest
{
    /// <summary>SHA-256.</summary>
    Sha256,

    /// <summary>SHA-384.</summary>
    Sha384,

    /// <summary>SHA-512.</summary>
    Sha512,
}
