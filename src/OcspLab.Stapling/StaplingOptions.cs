using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OcspLab.Ocsp;

namespace OcspLab.Stapling;

/// <summary>How staples are kept. Bound from the section <c>OcspStapling</c>; fetching itself from <c>OcspStapling:Fetch</c> (<see cref="OcspClientOptions"/>).</summary>
public sealed class StaplingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "OcspStapling";

    /// <summary><value>The responder to ask instead of the one that the certificate names, or null. Default null.</value></summary>
    public Uri? Responder { get; set; }

    /// <summary><value>How long a port stays closed for the first staples. 0 to 10 minutes; default 10 seconds.</value></summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StartupTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary><value>What to do with an authentic <em>revoked</em>. Default <see cref="RevokedPolicy.Staple"/>.</value></summary>
    public RevokedPolicy Revoked { get; set; } = RevokedPolicy.Staple;

    /// <summary><value>The shortest time between two successful refreshes, whatever the responder's cache headers say. 1 second to 1 day; default 5 minutes.</value></summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MinimumRefreshInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary><value>The wait after a first failure; it doubles with each further one. 100 milliseconds to 1 hour; default 10 seconds.</value></summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary><value>The longest wait after a failure. 1 second to 1 day; default 1 hour.</value></summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaximumRetryDelay { get; set; } = TimeSpan.FromHours(1);

    /// <summary><value>What the RFCs leave to the relying party.</value></summary>
    [Required]
    [ValidateObjectMembers]
    public VerificationPolicy Verification { get; set; } = new();
}

/// <summary>What a server does when it learns that its own certificate is revoked.</summary>
public enum RevokedPolicy
{
    /// <summary>Staple it: clients that check are told the truth. The older <em>good</em> is gone either way.</summary>
    Staple,

    /// <summary>Staple nothing.</summary>
    Withhold,
}
