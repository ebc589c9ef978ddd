using System.ComponentModel.DataAnnotations;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Signing;

namespace OcspLab.Responder.Settings;

/// <summary>
/// Whom the responder answers for, what its answers say, and how long they hold. Bound from the section
/// <c>Responder</c>.
/// </summary>
public sealed class ResponderOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Responder";

    /// <summary>
    /// <value>The authorities whose certificates are answered for, by names of one's own choice; at least one.</value>
    /// </summary>
    public IDictionary<string, AuthorityOptions> Authorities { get; } =
        new Dictionary<string, AuthorityOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// <value>nextUpdate − now of a fresh answer, unless its signer or its source ends earlier. 10 seconds to 10 days;
    /// default 1 day.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "10.00:00:00")]
    public TimeSpan Validity { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// <value>How far thisUpdate is dated back, for clients whose clock lags. 0 to 1 hour; default 5 minutes.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Backdate { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// <value>The longest Cache-Control max-age. A shorter one makes a revocation known sooner. 0 to 10 days; default
    /// 12 hours.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "10.00:00:00")]
    public TimeSpan MaximumCacheAge { get; set; } = TimeSpan.FromHours(12);

    /// <summary>
    /// <value>How many signed answers are kept ready, of one to two kilobytes each; 0 signs each anew. 0 to 10,000,000;
    /// default 50,000.</value>
    /// </summary>
    [Range(0, 10_000_000)]
    public int MaximumCachedResponses { get; set; } = 50_000;

    /// <summary>
    /// <value>A folder in which answers that are signed ahead are kept, each under the path of its GET; null keeps them
    /// in memory only. Any web server that serves it is a responder for them.</value>
    /// </summary>
    public string? AnswerFolder { get; set; }

    /// <summary>
    /// <value>The connection string of a PostgreSQL database that they are kept in instead, in the table
    /// <c>ocsp_answers</c>; null for none.</value>
    /// </summary>
    public string? AnswerDatabase { get; set; }

    /// <summary>
    /// <value>The hashes of the questions that are answered ahead. Default empty: SHA-1, which nearly every client asks
    /// by.</value>
    /// </summary>
    public IList<CertIdHash> PresignedHashes { get; } = [];

    /// <summary><value>The largest request that is read, in bytes. 256 to 64 KiB; default 8 KiB.</value></summary>
    [Range(256, 64 * 1024)]
    public int MaximumRequestSize { get; set; } = 8 * 1024;

    /// <summary>
    /// <value>How many responses are signed at once for all who ask the same, and how many more that one client alone
    /// gets (nonces, several certificates, what was never issued). 1 to 1,024; default null, the number of
    /// processors.</value>
    /// </summary>
    [Range(1, 1024)]
    public int? MaximumConcurrentSignings { get; set; }

    /// <summary>
    /// <value>How many requests may wait for each kind of turn; others are told <c>tryLater</c> at once. 0 to 100,000;
    /// default 128.</value>
    /// </summary>
    [Range(0, 100_000)]
    public int MaximumWaitingSignings { get; set; } = 128;

    /// <summary>
    /// <value>How long a request waits for its turn before it is told <c>tryLater</c>. 10 milliseconds to 1 minute;
    /// default 2 seconds.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan SigningDeadline { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// <value>PEM of the authorities whose certificates' holders may ask: requests must be signed by one (RFC 6960
    /// §4.1.2); others get <c>sigRequired</c> or <c>unauthorized</c>. Default null: anybody may ask.</value>
    /// </summary>
    public string? Requestors { get; set; }

    /// <summary>
    /// <value>What is said of a serial number that was never issued (RFC 6960 §2.2). Default
    /// <see cref="NeverIssued.Unknown"/>.</value>
    /// </summary>
    public NeverIssued NeverIssued { get; set; }

    /// <summary>
    /// <value>Whether a nonce is signed into the answer (RFC 9654). Default <see cref="NonceHandling.Sign"/>.</value>
    /// </summary>
    public NonceHandling Nonces { get; set; }

    /// <summary>
    /// <value>Whether answers have a nextUpdate. Default <see cref="NextUpdateField.Include"/>, as RFC 9919 §3.2.4
    /// wants it.</value>
    /// </summary>
    public NextUpdateField NextUpdate { get; set; }

    /// <summary>
    /// <value>How long revocations of expired certificates are kept, which answers then say (archive cutoff, RFC 6960
    /// §4.4.4). 0 to 100 years; default null, left out.</value>
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "36525.00:00:00")]
    public TimeSpan? ArchiveRetention { get; set; }

    /// <summary>
    /// <value>Whether answers from a CRL name it (RFC 6960 §4.4.2). Default <see cref="CrlReferences.Omit"/>.</value>
    /// </summary>
    public CrlReferences CrlReferences { get; set; }

    /// <summary>
    /// <value>How answers name who signed them (RFC 6960 §4.2.2.3). Default
    /// <see cref="ResponderIdForm.ByKey"/>.</value>
    /// </summary>
    public ResponderIdForm ResponderId { get; set; }

    /// <summary>
    /// <value>What clients get while a source cannot be asked. Default <see cref="WhenSourceFails.TryLater"/>.</value>
    /// </summary>
    public WhenSourceFails WhenSourceFails { get; set; }
}

/// <summary>What is said of a serial number that was never issued. Never <c>good</c>.</summary>
public enum NeverIssued
{
    /// <summary>The status <c>unknown</c>.</summary>
    Unknown,

    /// <summary>
    /// The error <c>unauthorized</c> (RFC 9919 §3.2.3): without a signature, as responders of large authorities do.
    /// </summary>
    Unauthorized,

    /// <summary>
    /// The status <c>revoked</c>, certificateHold since 1970-01-01, with extended-revoke (RFC 6960 §2.2, §4.4.8).
    /// </summary>
    Revoked,
}

/// <summary>What becomes of a nonce.</summary>
public enum NonceHandling
{
    /// <summary>It is signed into an answer of its own.</summary>
    Sign,

    /// <summary>It is passed over; the ready answer is given (RFC 9919 §3.1.1).</summary>
    Ignore,
}

/// <summary>The field nextUpdate.</summary>
public enum NextUpdateField
{
    /// <summary>It is there.</summary>
    Include,

    /// <summary>
    /// It is left out: newer information is always there (RFC 6960 §4.2.2.1). Such answers are neither kept ready nor
    /// cached.
    /// </summary>
    Omit,
}

/// <summary>References to CRLs in answers.</summary>
public enum CrlReferences
{
    /// <summary>Left out.</summary>
    Omit,

    /// <summary>URL, number and time.</summary>
    Include,
}

/// <summary>What clients get while a source cannot be asked.</summary>
public enum WhenSourceFails
{
    /// <summary><c>tryLater</c>, whatever they ask: what changed in the meantime is not known.</summary>
    TryLater,

    /// <summary>The answers that are ready, until these are to be renewed; else <c>tryLater</c>.</summary>
    RespondFromCache,
}
